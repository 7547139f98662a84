-- What users are shown of an app, and where the app is told what happens to its grants.
alter table clients add column maker text collate "C";
alter table clients add column logo text collate "C"; -- name of a row in logos
alter table clients add column callback_status text collate "C" not null default 'on'; -- on, off: the address is gone
alter table clients add column callback_events text collate "C" not null default ''; -- by space; '': all

create table logos (
  name text collate "C" primary key, -- SHA-256 of the bytes and the kind: 3f2a….png
  bytes bytea not null
);

-- The secret itself is computed from the ring, the client and the number.
create table callback_secrets (
  client text collate "C" not null,
  number bigint not null,
  key_version bigint not null,
  created bigint not null,
  expires bigint,
  primary key (client, number)
);

alter table users add column language text collate "C";
alter table users add column locked_until bigint;
-- Failures to sign in are counted here, too, for any name that somebody tries: sweeping must not read them all.
create index counters_by_window on counters ("window");
create index users_by_email on users (lower(email)) where email is not null;

alter table sessions add column method text collate "C" not null default 'password'; -- password, provider
alter table sessions add column address text collate "C";
alter table sessions add column user_agent text collate "C";

alter table connections add column last_used bigint; -- seen at introspection, within an hour

-- An app that an organization's admin has taken out: nobody of it connects the app again before it is let back in.
create table barred_clients (
  organization_id text collate "C" not null,
  client text collate "C" not null,
  at bigint not null,
  by_user text collate "C",
  primary key (organization_id, client)
);

-- Who of an organization held a token that this app, or no app, owns.
create index legacy_tokens_by_organization on legacy_tokens (organization_id, client, user_id)
  where organization_id <> '';

-- What someone is to be told: mails and calls to apps, until they have gone out. What they say is made when they go.
create table deliveries (
  id text collate "C" primary key,
  channel text collate "C" not null, -- mail, callback
  kind text collate "C" not null,
  client text collate "C" not null, -- '' where it is about none
  user_id text collate "C" not null,
  organization_id text collate "C" not null,
  connection bigint,
  epoch bigint,
  event bigint,
  at bigint not null, -- when it happened
  due bigint not null,
  attempts bigint not null,
  status text collate "C" not null, -- waiting, sent, dropped, given_up
  claimed_by text collate "C", -- who is sending it, until it is due again
  problem text collate "C"
);
-- The client before the time: an app whose address does not answer holds up no other's.
create index deliveries_due on deliveries (channel, client, due) where status = 'waiting';
create index deliveries_settled on deliveries (at) where status <> 'waiting';

-- Organizations whose users have been told that an app of theirs was moved over.
create table announcements (
  client text collate "C" not null,
  organization_id text collate "C" not null,
  at bigint not null,
  primary key (client, organization_id)
);

-- What happened before is told to nobody.
insert into meta (key, value) select 'events_read', coalesce(max(id), 0) from events;
