import { request } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openWatchServer, type WatchServer } from '../../../../src/report/watch/server.js';
import type { RunProgress } from '../../../../src/runs/progress.js';

const progress: RunProgress = {
  run: 'lenet',
  arch: 'cnn',
  dataset: 'mnist',
  epochs: 3,
  status: 'training',
  complete: 0,
  etaSeconds: null,
  members: [],
};

let server: WatchServer;
beforeEach(async () => {
  server = await openWatchServer(0);
  return () => server.close();
});

test('the page: a strict policy, a fresh nonce each time, and nothing from elsewhere', async () => {
  const [first, second] = [await fetch(server.url), await fetch(server.url)];
  const policies = [first, second].map(({ headers }) => headers.get('content-security-policy')!);
  const nonces = policies.map((policy) => /script-src 'nonce-([\w+/=]{24})'/.exec(policy)![1]!);
  expect(nonces[0]).not.toBe(nonces[1]);
  expect(policies[0]).toBe(
    `default-src 'none'; script-src 'nonce-${nonces[0]!}'; style-src 'nonce-${nonces[0]!}'; connect-src 'self'; ` +
      "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  });
  const text = await first.text();
  expect(text.match(/<(script|style)\b[^>]*>/g)).toEqual([
    `<style nonce="${nonces[0]!}">`,
    `<script nonce="${nonces[0]!}">`,
  ]);
  // Only the namespace of SVG, which is not an address to load. A nonce may contain two slashes.
  const told = text.replaceAll(nonces[0]!, '');
  expect(told.match(/(https?:)?\/\/[\w.]+[^'"\s]*/g)?.filter((url) => !url.startsWith('// '))).toEqual([
    'http://www.w3.org/2000/svg',
  ]);
  expect(told).not.toMatch(/\son\w+=|\sstyle=/);
});

test('a wrong or missing token, another path and another method are refused', async () => {
  const { origin, pathname } = new URL(server.url);
  const token = pathname.slice(1, -1);
  expect(token).toMatch(/^[\w-]{32}$/);
  const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  const statusOf = async (place: string, method = 'GET') => (await fetch(origin + place, { method })).status;
  for (const place of ['/', `/${wrong}/`, `/${wrong}/events`, '/events', `/${token.toLowerCase()}x/`, '/favicon.ico'])
    expect(await statusOf(place)).toBe(403);
  expect(await statusOf(`/${token}/other`)).toBe(404);
  expect(await statusOf(`/${token}`)).toBe(404);
  expect(await statusOf(`/${token}/`, 'POST')).toBe(405);
  const { headers } = await fetch(server.url);
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

/** Node's fetch sets the host itself. */
async function statusWithHost(host: string): Promise<number> {
  const sent = request(server.url, { headers: { host } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

test('another host is refused, even with the token', async () => {
  const { port } = new URL(server.url);
  expect(await statusWithHost(`127.0.0.1:${port}`)).toBe(200);
  expect(await statusWithHost(`localhost:${port}`)).toBe(200);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    '127.0.0.1:1',
    `127.0.0.1:${port}.evil.example`,
  ])
    expect(await statusWithHost(host)).toBe(403);
});

test('events: the known state at once, then each change once, then the end', async () => {
  server.publish(progress);
  const response = await fetch(new URL('events', server.url));
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  const hear = async (text: string) => {
    while (!heard.includes(text)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`ended before ${text}: ${heard}`);
      heard += value;
    }
  };
  await hear('"complete":0');
  server.publish(progress);
  server.publish({ ...progress, complete: 1 });
  await hear('"complete":1');
  const closing = server.close();
  await hear('event: end');
  expect(await reader.read()).toMatchObject({ done: true });
  await closing;
  expect(heard).toBe(
    `retry: 1000\n\ndata: ${JSON.stringify(progress)}\n\n` +
      `data: ${JSON.stringify({ ...progress, complete: 1 })}\n\nevent: end\ndata: {}\n\n`,
  );
  await expect(fetch(server.url)).rejects.toThrow();
  server = await openWatchServer(0);
});

test('it listens on loopback only, on the requested port; a port in use is an error', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await expect(openWatchServer(port)).rejects.toThrow(
    `--port: port ${port} is in use; give another one, or leave it out to use a free one`,
  );
  taken.close();
  await once(taken, 'close');
  const again = await openWatchServer(port);
  expect(new URL(again.url).host).toBe(`127.0.0.1:${port}`);
  // Another address of this machine, on which a server listening on all would answer.
  await expect(fetch(again.url.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow();
  await again.close();
});
