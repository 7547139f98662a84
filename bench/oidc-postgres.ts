/**
 * An adapter of oidc-provider for PostgreSQL, as its documentation asks for one
 * (https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#adapter): one table, a row for each
 * entity, prepared statements and a pool.
 */
import pg from 'pg'

type Payload = Record<string, unknown> & { grantId?: string; uid?: string; userCode?: string }

const connectionsMax = 10

export async function postgresAdapter(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax })
  await pool.query(`
    create table if not exists oidc_payloads (
      id text not null, type text not null, payload jsonb not null,
      grant_id text, user_code text, uid text, expires_at timestamptz, consumed_at timestamptz,
      primary key (id, type));
    create index if not exists oidc_by_grant on oidc_payloads (grant_id) where grant_id is not null;
    create index if not exists oidc_by_uid on oidc_payloads (uid) where uid is not null;
    create index if not exists oidc_by_user_code on oidc_payloads (user_code) where user_code is not null`)

  const found = async (name: string, text: string, values: unknown[]): Promise<Payload | undefined> => {
    const { rows } = await pool.query<{ payload: Payload; consumed: number | null }>({ name, text, values })
    const [row] = rows
    return row && { ...row.payload, ...(row.consumed === null ? {} : { consumed: row.consumed }) }
  }
  const columns = `select payload, extract(epoch from consumed_at)::float8 as consumed from oidc_payloads`
  const living = '(expires_at is null or expires_at > now())'

  return (model: string) => ({
    find: (id: string) => found('find', `${columns} where id = $1 and type = $2 and ${living}`, [id, model]),
    findByUid: (uid: string) =>
      found('find_uid', `${columns} where uid = $1 and type = $2 and ${living}`, [uid, model]),
    findByUserCode: (code: string) =>
      found('find_user_code', `${columns} where user_code = $1 and type = $2 and ${living}`, [code, model]),
    async upsert(id: string, payload: Payload, expiresIn?: number) {
      await pool.query({
        name: 'upsert',
        text: `insert into oidc_payloads (id, type, payload, grant_id, user_code, uid, expires_at)
          values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
          on conflict (id, type) do update set payload = excluded.payload, grant_id = excluded.grant_id,
            user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`,
        values: [
          id,
          model,
          JSON.stringify(payload),
          payload.grantId ?? null,
          payload.userCode ?? null,
          payload.uid ?? null,
          expiresIn ?? null,
        ],
      })
    },
    async consume(id: string) {
      await pool.query({
        name: 'consume',
        text: 'update oidc_payloads set consumed_at = now() where id = $1 and type = $2',
        values: [id, model],
      })
    },
    async destroy(id: string) {
      await pool.query({
        name: 'destroy',
        text: 'delete from oidc_payloads where id = $1 and type = $2',
        values: [id, model],
      })
    },
    async revokeByGrantId(grantId: string) {
      await pool.query({
        name: 'revoke',
        text: 'delete from oidc_payloads where grant_id = $1 and type = $2',
        values: [grantId, model],
      })
    },
  })
}
