/** What is measured by default: not all combinations, but each that says something. */
import type { Setup } from './measure.ts'
import type { OperationName, Signature, SubjectName } from './who.ts'
import { operations, subjectNames } from './who.ts'

export const parts = ['main', 'signatures', 'cores'] as const
export type Part = (typeof parts)[number]

/** Narrower than the whole, where something was asked for. */
export type Narrowed = {
  readonly parts: readonly Part[]
  readonly connections: readonly number[] | undefined
  readonly operations: readonly OperationName[] | undefined
  readonly subjects: readonly SubjectName[] | undefined
  readonly signatures: readonly Signature[] | undefined
}

/** Of which there is a JWT by another key, or none. */
const bySignature: readonly SubjectName[] = ['ours-sqlite', 'ours-postgres', 'floor', 'oidc-provider']
const byCores: readonly SubjectName[] = ['ours-sqlite', 'ours-postgres', 'oidc-provider', 'oidc-postgres']

export function setupsOf(narrowed: Narrowed): Setup[] {
  const asked = narrowed.operations ?? operations
  const among = (names: readonly SubjectName[]): SubjectName[] =>
    names.filter((name) => narrowed.subjects?.includes(name) ?? true)
  const connections = (usual: readonly number[]): readonly number[] => narrowed.connections ?? usual
  const main: Setup = {
    signature: 'ES256',
    cores: 1,
    connections: connections([32, 128, 512]),
    operations: asked,
    subjects: among(subjectNames),
    atHalf: true,
  }
  const signature = (name: Signature): Setup => ({
    ...main,
    signature: name,
    connections: connections([32]),
    subjects: among(bySignature),
    atHalf: false,
  })
  const cores: Setup = {
    ...main,
    cores: 2,
    connections: connections([128]),
    subjects: among(byCores),
    atHalf: false,
  }
  const setups: Readonly<Record<Part, readonly Setup[]>> = {
    main: [main],
    signatures: [signature('RS256'), signature('opaque')],
    cores: [cores],
  }
  return narrowed.parts
    .flatMap((part) => setups[part])
    .filter((setup) => narrowed.signatures?.includes(setup.signature) ?? true)
}
