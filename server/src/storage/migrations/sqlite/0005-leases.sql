-- Work that one node does for all, and which one it is.
create table leases (
  name text primary key,
  holder text not null,
  until integer not null -- 0: given back
) without rowid;
