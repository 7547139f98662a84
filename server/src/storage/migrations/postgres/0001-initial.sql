-- TEXT, BIGINT and BYTEA only; times in epoch milliseconds; scopes are RFC 6749 strings, by space.
-- A key's absent part is '', because NULLs would not be equal. Texts are compared by their bytes, as SQLite does.

-- What the statements of both backends are written with, and only the other one has.
create function instr(text, text) returns integer language sql immutable strict parallel safe
  return strpos($1, $2);
-- ',17,23,' as rows.
create function listed(list text) returns table (value bigint) language sql immutable strict parallel safe rows 4
  begin atomic
    select number::bigint from string_to_table(trim(list, ','), ',') as numbers (number) where number <> '';
  end;

create table meta (
  key text collate "C" primary key,
  value text collate "C" not null
);

create table keys (
  version bigint not null,
  kind text collate "C" not null, -- 'ring', or the algorithm of a signing key: 'ES256', 'RS256', 'EdDSA'
  sealed bytea not null,
  public_jwk text collate "C", -- of a signing key
  created bigint not null,
  current_from bigint not null,
  publish_until bigint, -- of a retired signing key: when the last token that it signed has expired
  status text collate "C" not null default 'live', -- live, compromised, destroyed
  primary key (kind, version)
);

create table lookup_kinds (
  version bigint not null,
  kind text collate "C" not null,
  primary key (version, kind)
);

create table number_blocks (
  first bigint primary key,
  next_first bigint not null,
  closed_from bigint -- numbers from here on were given back unused; null: nobody gave the block back
);

create table clients (
  id text collate "C" primary key,
  dialect text collate "C" not null,
  name text collate "C" not null,
  type text collate "C" not null,
  auth_method text collate "C" not null,
  jwks text collate "C",
  status text collate "C" not null,
  scopes text collate "C" not null,
  redirect_uris text collate "C" not null,
  exchange_status text collate "C" not null,
  exchange_from bigint,
  exchange_until bigint,
  exchanges_per_day_max bigint,
  may_introspect bigint not null,
  origins text collate "C" not null,
  callback text collate "C",
  tokens_valid_after bigint not null,
  policy text collate "C" not null,
  created bigint not null
);

create table client_identifiers (
  identifier text collate "C" primary key,
  client text collate "C" not null
);
create index client_identifiers_by_client on client_identifiers (client);

create table client_secrets (
  client text collate "C" not null,
  hmac bytea not null,
  sealed bytea,
  key_version bigint not null,
  created bigint not null,
  expires bigint,
  primary key (client, hmac)
);

create table users (
  id text collate "C" primary key,
  username text collate "C" not null unique,
  email text collate "C",
  name text collate "C",
  password_hash text collate "C",
  status text collate "C" not null
);

create table organizations (
  id text collate "C" primary key,
  name text collate "C" not null,
  region text collate "C",
  api_domain text collate "C",
  status text collate "C" not null,
  allowed_addresses text collate "C"
);

create table memberships (
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  role text collate "C" not null,
  primary key (user_id, organization_id)
);
create index memberships_by_organization on memberships (organization_id);

create table connections (
  number bigint primary key,
  client text collate "C" not null,
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  scopes text collate "C" not null,
  since bigint not null,
  origin text collate "C" not null,
  confirmation text collate "C" not null,
  status text collate "C" not null,
  epoch bigint not null,
  live_grants text collate "C" not null, -- ',17,23,': oldest first
  -- The user first: so one index also lists a user's connections, and an exchange touches one page less.
  unique (user_id, client, organization_id)
) with (fillfactor = 80);
create index connections_by_organization on connections (organization_id) where organization_id <> '';

create table legacy_tokens (
  lookup bytea not null,
  client text collate "C" not null,
  dialect text collate "C" not null,
  bound_to text collate "C",
  lookup_version bigint not null,
  "authorization" text collate "C",
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  kind text collate "C" not null,
  scopes text collate "C",
  created bigint,
  expires bigint,
  last_used bigint,
  status text collate "C" not null,
  exchange bigint not null,
  key_version bigint,
  grant_number bigint,
  connection_epoch bigint not null,
  primary key (lookup, client)
) /* legacy_tokens: by hash of lookup, fillfactor 90 */;
create index legacy_tokens_by_authorization on legacy_tokens ("authorization", client) where "authorization" is not null;

-- No index on a column that a refresh changes; the key grows with time, so that new grants append.
create table grants (
  number bigint primary key,
  locator_hash bytea not null,
  connection bigint not null,
  client text collate "C" not null,
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  acts_as text collate "C" not null,
  authorized_by text collate "C" not null,
  scopes text collate "C" not null,
  resource text collate "C" not null,
  bound_key text collate "C",
  epoch bigint not null,
  generation bigint not null,
  rotated_at bigint not null,
  key_version bigint not null,
  created bigint not null,
  used_at bigint,
  refresh_until bigint,
  access_until bigint not null,
  status text collate "C" not null,
  reason text collate "C",
  replays bigint not null
) /* grants: by hash of number, fillfactor 70 */;

create table codes (
  hash bytea primary key,
  kind text collate "C" not null,
  client text collate "C" not null,
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  acts_as text collate "C" not null,
  authorized_by text collate "C" not null,
  scopes text collate "C" not null,
  resource text collate "C" not null,
  redirect_uri text collate "C",
  code_challenge text collate "C",
  legacy_lookup bytea,
  legacy_client text collate "C",
  wrapped_locator bytea,
  created bigint not null,
  expires bigint not null,
  status text collate "C" not null,
  grant_number bigint
);
create index codes_by_legacy_token on codes (legacy_lookup, legacy_client) where legacy_lookup is not null;
create index codes_by_expiry on codes (expires);

create table revoked_access_tokens (
  jti text collate "C" primary key,
  expires bigint not null
);
create index revoked_access_tokens_by_expiry on revoked_access_tokens (expires);

create table sessions (
  hash bytea primary key,
  user_id text collate "C" not null,
  created bigint not null,
  expires bigint not null
);
create index sessions_by_user on sessions (user_id);

create table counters (
  key text collate "C" not null,
  "window" bigint not null,
  count bigint not null,
  primary key (key, "window")
);

create table events (
  id bigint generated by default as identity primary key,
  at bigint not null,
  kind text collate "C" not null,
  actor text collate "C" not null,
  address text collate "C",
  request_id text collate "C",
  client text collate "C",
  user_id text collate "C",
  organization_id text collate "C",
  grant_number bigint,
  detail text collate "C"
);
