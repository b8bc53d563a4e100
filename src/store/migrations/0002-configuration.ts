import { type Kysely, PostgresAdapter, sql } from 'kysely'

// A Kysely of whatever tables there were: a migration must not change with the types of today.
type Database = Kysely<unknown>

async function createAudit (db: Database, postgres: boolean): Promise<void> {
  await db.schema.createTable('audit')
    .addColumn('id', postgres ? 'bigserial' : 'integer', column => postgres ? column.primaryKey() : column.primaryKey().autoIncrement())
    .addColumn('at', 'bigint', column => column.notNull())
    .addColumn('actor', 'text', column => column.notNull())
    .addColumn('action', 'text', column => column.notNull())
    .addColumn('subject', 'text', column => column.notNull())
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .execute()
  // For pages of the latest.
  await db.schema.createIndex('audit_at').on('audit').columns(['at', 'id']).execute()
}

/** What was noted stays as it is, whoever writes to the table. */
async function keepAudit (db: Database, postgres: boolean): Promise<void> {
  if (postgres) {
    await sql`create function audit_is_only_added_to() returns trigger language plpgsql as $$ begin raise exception 'the audit is only ever added to'; end $$`.execute(db)
    await sql`create trigger audit_is_only_added_to before update or delete or truncate on audit for each statement execute function audit_is_only_added_to()`.execute(db)
    return
  }
  await sql`create trigger audit_is_not_changed before update on audit begin select raise(abort, 'the audit is only ever added to'); end`.execute(db)
  await sql`create trigger audit_is_not_deleted before delete on audit begin select raise(abort, 'the audit is only ever added to'); end`.execute(db)
}

async function createRevisions (db: Database): Promise<void> {
  await db.schema.createTable('config_revision')
    .addColumn('revision', 'bigint', column => column.primaryKey())
    // Another one for each: it is the name of the revision as a backup.
    .addColumn('at', 'bigint', column => column.notNull().unique())
    .addColumn('author', 'text', column => column.notNull())
    .addColumn('text', 'text')
    .addColumn('difference', 'text', column => column.notNull())
    .execute()
}

/** What admins did, and the configuration with its history. */
export async function up (db: Database): Promise<void> {
  const postgres = db.getExecutor().adapter instanceof PostgresAdapter
  await createAudit(db, postgres)
  await keepAudit(db, postgres)
  await createRevisions(db)
}
