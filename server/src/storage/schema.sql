-- What the migrations make of an empty SQLite database. Generated; change a migration instead.

CREATE TABLE announcements (
  client text not null,
  organization_id text not null,
  at integer not null,
  primary key (client, organization_id)
) without rowid;

CREATE TABLE barred_clients (
  organization_id text not null,
  client text not null,
  at integer not null,
  by_user text,
  primary key (organization_id, client)
) without rowid;

CREATE TABLE barred_users (
  user_id text not null,
  client text not null,
  at integer not null,
  primary key (user_id, client)
) without rowid;

CREATE TABLE callback_secrets (
  client text not null references clients (id),
  number integer not null,
  key_version integer not null,
  created integer not null,
  expires integer,
  primary key (client, number)
) without rowid;

CREATE TABLE client_identifiers (
  identifier text primary key,
  client text not null references clients (id)
) without rowid;

CREATE INDEX client_identifiers_by_client on client_identifiers (client);

CREATE TABLE client_secrets (
  client text not null references clients (id),
  hmac blob not null,
  sealed blob,
  key_version integer not null,
  created integer not null,
  expires integer,
  primary key (client, hmac)
) without rowid;

CREATE TABLE clients (
  id text primary key,
  dialect text not null,
  name text not null,
  type text not null,
  auth_method text not null,
  jwks text,
  status text not null,
  scopes text not null,
  redirect_uris text not null,
  exchange_status text not null,
  exchange_from integer,
  exchange_until integer,
  exchanges_per_day_max integer,
  may_introspect integer not null,
  origins text not null,
  callback text,
  tokens_valid_after integer not null,
  policy text not null,
  created integer not null
, maker text, logo text, callback_status text not null default 'on', callback_events text not null default '') without rowid;

CREATE TABLE codes (
  hash blob primary key,
  kind text not null,
  client text not null,
  user_id text not null,
  organization_id text not null,
  acts_as text not null,
  authorized_by text not null,
  scopes text not null,
  resource text not null,
  redirect_uri text,
  code_challenge text,
  legacy_lookup blob,
  legacy_client text,
  wrapped_locator blob,
  created integer not null,
  expires integer not null,
  status text not null,
  grant_number integer
, nonce text, authenticated_at integer) without rowid;

CREATE INDEX codes_by_expiry on codes (expires);

CREATE INDEX codes_by_legacy_token on codes (legacy_lookup, legacy_client) where legacy_lookup is not null;

CREATE INDEX codes_open on codes (client, user_id, organization_id) where status = 'open';

CREATE TABLE connections (
  number integer primary key,
  client text not null,
  user_id text not null,
  organization_id text not null,
  scopes text not null,
  since integer not null,
  origin text not null,
  confirmation text not null,
  status text not null,
  epoch integer not null,
  live_grants text not null, last_used integer, -- ',17,23,': oldest first
  -- The user first: so one index also lists a user's connections, and an exchange touches one page less.
  unique (user_id, client, organization_id)
);

CREATE INDEX connections_by_organization on connections (organization_id) where organization_id <> '';

CREATE TABLE counters (
  key text not null,
  window integer not null,
  count integer not null,
  primary key (key, window)
) without rowid;

CREATE INDEX counters_by_window on counters ("window");

CREATE TABLE deliveries (
  id text primary key,
  channel text not null, -- mail, callback
  kind text not null,
  client text not null, -- '' where it is about none
  user_id text not null,
  organization_id text not null,
  connection integer,
  epoch integer,
  event integer,
  at integer not null, -- when it happened
  due integer not null,
  attempts integer not null,
  status text not null, -- waiting, sent, dropped, given_up
  claimed_by text, -- who is sending it, until it is due again
  problem text
, one_time_code blob) without rowid;

CREATE INDEX deliveries_due on deliveries (channel, client, due) where status = 'waiting';

CREATE INDEX deliveries_settled on deliveries (at) where status <> 'waiting';

CREATE TABLE enabled_clients (
  organization_id text not null,
  client text not null,
  at integer not null,
  by_user text,
  primary key (organization_id, client)
) without rowid;

CREATE TABLE events (
  id integer primary key autoincrement,
  at integer not null,
  kind text not null,
  actor text not null,
  address text,
  request_id text,
  client text,
  user_id text,
  organization_id text,
  grant_number integer,
  detail text
);

CREATE TABLE grants (
  number integer primary key,
  locator_hash blob not null,
  connection integer not null,
  client text not null,
  user_id text not null,
  organization_id text not null,
  acts_as text not null,
  authorized_by text not null,
  scopes text not null,
  resource text not null,
  bound_key text,
  epoch integer not null,
  generation integer not null,
  rotated_at integer not null,
  key_version integer not null,
  created integer not null,
  used_at integer,
  refresh_until integer,
  access_until integer not null,
  status text not null,
  reason text,
  replays integer not null
);

CREATE TABLE keys (
  version integer not null,
  kind text not null, -- 'ring', or the algorithm of a signing key: 'ES256', 'RS256', 'EdDSA'
  sealed blob not null,
  public_jwk text, -- of a signing key
  created integer not null,
  current_from integer not null,
  publish_until integer, -- of a retired signing key: when the last token that it signed has expired
  status text not null default 'live', -- live, compromised, destroyed
  primary key (kind, version)
) without rowid;

CREATE TABLE leases (
  name text primary key,
  holder text not null,
  until integer not null -- 0: given back
) without rowid;

CREATE TABLE legacy_tokens (
  lookup blob not null,
  client text not null,
  dialect text not null,
  bound_to text,
  lookup_version integer not null,
  authorization text,
  user_id text not null,
  organization_id text not null,
  kind text not null,
  scopes text,
  created integer,
  expires integer,
  last_used integer,
  status text not null,
  exchange integer not null,
  key_version integer,
  grant_number integer,
  connection_epoch integer not null,
  primary key (lookup, client)
) without rowid;

CREATE INDEX legacy_tokens_by_authorization on legacy_tokens (authorization, client) where authorization is not null;

CREATE INDEX legacy_tokens_by_organization on legacy_tokens (organization_id, client, user_id)
  where organization_id <> '';

CREATE TABLE logos (
  name text primary key, -- SHA-256 of the bytes and the kind: 3f2a….png
  bytes blob not null
) without rowid;

CREATE TABLE lookup_kinds (
  version integer not null,
  kind text not null,
  primary key (version, kind)
) without rowid;

CREATE TABLE memberships (
  user_id text not null,
  organization_id text not null,
  role text not null,
  primary key (user_id, organization_id)
) without rowid;

CREATE INDEX memberships_by_organization on memberships (organization_id);

CREATE TABLE meta (
  key text primary key,
  value text not null
) without rowid;

CREATE TABLE migrations (id integer primary key, name text not null, at bigint not null);

CREATE TABLE number_blocks (
  first integer primary key,
  next_first integer not null,
  closed_from integer -- numbers from here on were given back unused; null: nobody gave the block back
);

CREATE TABLE one_time_codes (
  id blob primary key, -- 16 bytes of chance
  client text not null,
  user_id text not null,
  key_version integer not null,
  facts blob not null, -- HMAC of the parameters that must be repeated
  guesses integer not null,
  created integer not null,
  expires integer not null,
  status text not null -- open, redeemed, revoked: taken back, and still one mail of five
) without rowid;

CREATE INDEX one_time_codes_by_expiry on one_time_codes (expires);

CREATE INDEX one_time_codes_by_user on one_time_codes (user_id, client);

CREATE TABLE organizations (
  id text primary key,
  name text not null,
  region text,
  api_domain text,
  status text not null,
  allowed_addresses text
) without rowid;

CREATE TABLE request_tokens (
  hash blob primary key, -- SHA-256: 256 random bits need no key to hide
  client text not null,
  user_id text not null, -- '': the pair is the organization's
  organization_id text not null,
  authorized_by text not null, -- '': the operator
  scopes text not null,
  created integer not null,
  expires integer not null,
  uses integer not null,
  key_version integer, -- from its first use on, as is the number of the grant
  grant_number integer
) without rowid;

CREATE INDEX request_tokens_by_expiry on request_tokens (expires);

CREATE UNIQUE INDEX request_tokens_by_subject on request_tokens (client, user_id, organization_id);

CREATE TABLE revoked_access_tokens (
  jti text primary key,
  expires integer not null
) without rowid;

CREATE INDEX revoked_access_tokens_by_expiry on revoked_access_tokens (expires);

CREATE TABLE sessions (
  hash blob primary key,
  user_id text not null,
  created integer not null,
  expires integer not null
, method text not null default 'password', address text, user_agent text) without rowid;

CREATE INDEX sessions_by_user on sessions (user_id);

CREATE TABLE users (
  id text primary key,
  username text not null unique,
  email text,
  name text,
  password_hash text,
  status text not null
, language text, locked_until integer, region text) without rowid;

CREATE INDEX users_by_email on users (lower(email)) where email is not null;
