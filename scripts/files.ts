/** The files of this repository, for what reads or checks many of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const ignored = new Set(['node_modules', 'dist', 'data', 'results'])

/** Every file under these folders whose name ends so, by its path from the root, in order. */
export function globbed(folders: readonly string[], ending: string): readonly string[] {
  return folders
    .flatMap((folder) => listed(folder))
    .filter((path) => path.endsWith(ending))
    .sort()
}

function listed(folder: string): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isFile()) return [path]
    const seen = entry.isDirectory() && !ignored.has(entry.name) && !entry.name.startsWith('.')
    return seen ? listed(path) : []
  })
}

/** The folders themselves, the first ones included. */
export function folders(under: string): readonly string[] {
  const entries = readdirSync(join(root, under), { withFileTypes: true })
  const inside = entries.filter((entry) => entry.isDirectory() && !ignored.has(entry.name))
  return [under, ...inside.flatMap((entry) => folders(join(under, entry.name)))]
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')
