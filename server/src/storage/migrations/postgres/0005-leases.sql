-- Work that one node does for all, and which one it is.
create table leases (
  name text collate "C" primary key,
  holder text collate "C" not null,
  until bigint not null -- 0: given back
);
