-- What users are shown of an app, and where the app is told what happens to its grants.
alter table clients add column maker text;
alter table clients add column logo text; -- name of a row in logos
alter table clients add column callback_status text not null default 'on'; -- on, off: the address is gone
alter table clients add column callback_events text not null default ''; -- by space; '': all

create table logos (
  name text primary key, -- SHA-256 of the bytes and the kind: 3f2a….png
  bytes blob not null
) without rowid;

-- The secret itself is computed from the ring, the client and the number.
create table callback_secrets (
  client text not null references clients (id),
  number integer not null,
  key_version integer not null,
  created integer not null,
  expires integer,
  primary key (client, number)
) without rowid;

alter table users add column language text;
alter table users add column locked_until integer;
-- Failures to sign in are counted here, too, for any name that somebody tries: sweeping must not read them all.
create index counters_by_window on counters ("window");
create index users_by_email on users (lower(email)) where email is not null;

alter table sessions add column method text not null default 'password'; -- password, provider
alter table sessions add column address text;
alter table sessions add column user_agent text;

alter table connections add column last_used integer; -- seen at introspection, within an hour

-- An app that an organization's admin has taken out: nobody of it connects the app again before it is let back in.
create table barred_clients (
  organization_id text not null,
  client text not null,
  at integer not null,
  by_user text,
  primary key (organization_id, client)
) without rowid;

-- Who of an organization held a token that this app, or no app, owns.
create index legacy_tokens_by_organization on legacy_tokens (organization_id, client, user_id)
  where organization_id <> '';

-- What someone is to be told: mails and calls to apps, until they have gone out. What they say is made when they go.
create table deliveries (
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
) without rowid;
-- The client before the time: an app whose address does not answer holds up no other's.
create index deliveries_due on deliveries (channel, client, due) where status = 'waiting';
create index deliveries_settled on deliveries (at) where status <> 'waiting';

-- Organizations whose users have been told that an app of theirs was moved over.
create table announcements (
  client text not null,
  organization_id text not null,
  at integer not null,
  primary key (client, organization_id)
) without rowid;

-- What happened before is told to nobody.
insert into meta (key, value) select 'events_read', coalesce(max(id), 0) from events;
