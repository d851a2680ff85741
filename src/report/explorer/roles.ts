/** What lines are drawn as: those of one curve by what they are, those of several curves by their place. */
const roles = ['standard', 'induced', 'predicted', 'natural'] as const;

/** `reference` is what several curves are held against: grey (style.css). */
export type Role = (typeof roles)[number] | `curve-${number}` | 'reference';

/** Curves that are told apart: of more, the first look comes again. */
const mostCurves = 12;

export function curveRole(place: number): Role {
  return `curve-${place % mostCurves}`;
}

/** Those in colour. */
export const allRoles: readonly Role[] = [...roles, ...Array.from({ length: mostCurves }, (_, i) => curveRole(i))];

/** Which of the series' styles a role has, from 0. */
export function styleOf(role: Role): number {
  if (role === 'reference') return 0;
  const place = roles.findIndex((each) => each === role);
  return place < 0 ? Number(role.slice('curve-'.length)) : place;
}
