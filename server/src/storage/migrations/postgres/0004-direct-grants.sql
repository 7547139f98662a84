-- A code that was mailed to somebody. The code itself is computed from the id and the ring, and lies nowhere.
create table one_time_codes (
  id bytea primary key, -- 16 bytes of chance
  client text collate "C" not null,
  user_id text collate "C" not null,
  key_version bigint not null,
  facts bytea not null, -- HMAC of the parameters that must be repeated
  guesses bigint not null,
  created bigint not null,
  expires bigint not null,
  status text collate "C" not null -- open, redeemed, revoked: taken back, and still one mail of five
);
create index one_time_codes_by_user on one_time_codes (user_id, client);
create index one_time_codes_by_expiry on one_time_codes (expires);

-- What an organization's admin hands to an app, which trades it for a pair. One at a time for each of both.
create table request_tokens (
  hash bytea primary key, -- SHA-256: 256 random bits need no key to hide
  client text collate "C" not null,
  user_id text collate "C" not null, -- '': the pair is the organization's
  organization_id text collate "C" not null,
  authorized_by text collate "C" not null, -- '': the operator
  scopes text collate "C" not null,
  created bigint not null,
  expires bigint not null,
  uses bigint not null,
  key_version bigint, -- from its first use on, as is the number of the grant
  grant_number bigint
);
create unique index request_tokens_by_subject on request_tokens (client, user_id, organization_id);
create index request_tokens_by_expiry on request_tokens (expires);

-- Users who may not use an app, as the operator says.
create table barred_users (
  user_id text collate "C" not null,
  client text collate "C" not null,
  at bigint not null,
  primary key (user_id, client)
);

-- Apps that an organization has let in, where the app's policy asks for that.
create table enabled_clients (
  organization_id text collate "C" not null,
  client text collate "C" not null,
  at bigint not null,
  by_user text collate "C",
  primary key (organization_id, client)
);

alter table users add column region text collate "C"; -- else their organization's

-- What an id_token of the code repeats (OpenID Connect Core 1.0 §3.1.3.7).
alter table codes add column nonce text collate "C";
alter table codes add column authenticated_at bigint;

alter table deliveries add column one_time_code bytea; -- the id of the one that it brings
