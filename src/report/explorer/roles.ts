/** How lines are styled: for a single curve by what they show, for several curves by index. */
const roles = ['standard', 'induced', 'predicted', 'natural'] as const;

/** `reference` is what several curves are compared with: grey (style.css). */
export type Role = (typeof roles)[number] | `curve-${number}` | 'reference';

/** Number of distinguishable curve styles: with more curves they repeat. */
const mostCurves = 12;

export function curveRole(place: number): Role {
  return `curve-${place % mostCurves}`;
}

/** All roles except the grey reference. */
export const allRoles: readonly Role[] = [...roles, ...Array.from({ length: mostCurves }, (_, i) => curveRole(i))];

/** Which of the series' styles a role has, from 0. */
export function styleOf(role: Role): number {
  if (role === 'reference') return 0;
  const place = roles.findIndex((each) => each === role);
  return place < 0 ? Number(role.slice('curve-'.length)) : place;
}
