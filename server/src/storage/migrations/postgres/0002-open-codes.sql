-- The open codes of an app, a user and an organization: at each consent the oldest beyond a few go, and at each
-- revocation all.
create index codes_open on codes (client, user_id, organization_id) where status = 'open';
