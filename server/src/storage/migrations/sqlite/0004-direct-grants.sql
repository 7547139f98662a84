-- A code that was mailed to somebody. The code itself is computed from the id and the ring, and lies nowhere.
create table one_time_codes (
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
create index one_time_codes_by_user on one_time_codes (user_id, client);
create index one_time_codes_by_expiry on one_time_codes (expires);

-- What an organization's admin hands to an app, which trades it for a pair. One at a time for each of both.
create table request_tokens (
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
create unique index request_tokens_by_subject on request_tokens (client, user_id, organization_id);
create index request_tokens_by_expiry on request_tokens (expires);

-- Users who may not use an app, as the operator says.
create table barred_users (
  user_id text not null,
  client text not null,
  at integer not null,
  primary key (user_id, client)
) without rowid;

-- Apps that an organization has let in, where the app's policy asks for that.
create table enabled_clients (
  organization_id text not null,
  client text not null,
  at integer not null,
  by_user text,
  primary key (organization_id, client)
) without rowid;

alter table users add column region text; -- else their organization's

-- What an id_token of the code repeats (OpenID Connect Core 1.0 §3.1.3.7).
alter table codes add column nonce text;
alter table codes add column authenticated_at integer;

alter table deliveries add column one_time_code blob; -- the id of the one that it brings
