/**
 * The page that shows a run while it trains, served only on this machine's loopback interface and only with the token in its URL. Another
 * site in the same browser does not know the token, nor can it pass the host check, as it has a different name.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstOf, present } from '../../machine/present.js';
import type { RunProgress } from '../../runs/progress.js';
import { codeOf, UsageError } from '../../terminal/errors.js';

export interface WatchServer {
  readonly url: string;
  /** Sends it to all open pages, if it has changed since last sent. */
  publish(progress: RunProgress): void;
  /** Tells the pages that no more updates follow, and closes. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
/** A sleeping page reads nothing; its queue must not grow without bound. */
const mostWaitingBytes = 1_000_000;

/**
 * @param port 0 for any free port
 * @throws UsageError if the port is not available
 */
export async function openWatchServer(port: number): Promise<WatchServer> {
  const page = await fs.readFile(new URL('page.html', import.meta.url), 'utf8');
  const token = randomBytes(24).toString('base64url');
  const clients = new Set<ServerResponse>();
  let latest: string | undefined;

  const server = createServer((request, response) => {
    const hosts = [host, 'localhost'].map((name) => `${name}:${portOf()}`);
    const route = routeOf(request, { token, hosts });
    if (typeof route === 'number') refuse(response, route);
    else if (route === 'page') sendPage(response, page);
    else {
      response.writeHead(200, { ...commonHeaders, 'Content-Type': 'text/event-stream; charset=utf-8' });
      response.write(`retry: 1000\n\n${latest ?? ''}`);
      clients.add(response);
      response.on('close', () => clients.delete(response));
    }
  });
  const portOf = () => (server.address() as AddressInfo).port;
  await listen(server, port);

  return {
    url: `http://${host}:${portOf()}/${token}/`,
    publish(progress) {
      const message = `data: ${JSON.stringify(progress)}\n\n`;
      if (message === latest) return;
      latest = message;
      for (const client of clients) {
        if (client.writableLength > mostWaitingBytes) client.destroy();
        else client.write(message);
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
      await Promise.all([...clients].map((client) => ended(client)));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function ended(client: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    client.on('close', resolve);
    client.end('event: end\ndata: {}\n\n', () => {
      resolve();
    });
    setTimeout(resolve, 1000).unref();
  });
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  }).catch((error: unknown) => {
    const why = { EADDRINUSE: 'is in use', EACCES: 'needs administrator rights' }[codeOf(error) ?? ''];
    if (why === undefined) throw error;
    throw new UsageError(`port ${port} ${why}`, '--port', 'give another one, or leave it out to use a free one');
  });
}

interface Guard {
  readonly token: string;
  readonly hosts: readonly string[];
}

/** The requested route, or the status code of a rejection. */
function routeOf({ method, url = '', headers }: IncomingMessage, { token, hosts }: Guard): 'page' | 'events' | number {
  // A name of another site that resolves to this machine (DNS rebinding).
  if (!hosts.includes(headers.host?.toLowerCase() ?? '')) return 403;
  const [, given = '', ...rest] = firstOf(url.split('?')).split('/');
  if (!isSame(given, token)) return 403;
  if (method !== 'GET') return 405;
  const place = rest.join('/');
  if (rest.length > 0 && place === '') return 'page';
  return place === 'events' ? 'events' : 404;
}

/** Compares in constant time. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(present(left), present(right));
}

const commonHeaders = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

const refusals: Readonly<Record<number, string>> = {
  403: 'forbidden: open the address that emergence watch printed',
  404: 'not found',
  405: 'only GET is allowed',
};

function refuse(response: ServerResponse, status: number): void {
  const allow = status === 405 ? { Allow: 'GET' } : {};
  response.writeHead(status, { ...commonHeaders, ...allow, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${refusals[status] ?? ''}\n`);
}

function sendPage(response: ServerResponse, page: string): void {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    // For the empty icon; otherwise browsers would request one.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy };
  response.writeHead(200, { ...commonHeaders, ...headers });
  response.end(page.replaceAll('NONCE', nonce));
}
