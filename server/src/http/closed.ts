/** Why nobody may be answered, and what the operator can do. */
export const closedProblems = {
  // What was revoked would be good again.
  awaits_events: 'The restored database waits for its revocations: tokenferry events apply',
  // What others give out by now cannot be read here, and is nobody's mistake.
  keys_unread: 'Keys were added under another root secret: start this server again with that one',
  moved: 'The database is being copied elsewhere, or was: name the other one in the configuration',
} as const
