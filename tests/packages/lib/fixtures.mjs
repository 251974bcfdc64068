import { cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const installed = fileURLToPath(new URL('../node_modules/@fixture', import.meta.url))

/** Puts the fixture packages where packages are: what is linked there, Vite takes for the user's own code. */
export async function installFixtures() {
  await rm(installed, { recursive: true, force: true })
  await cp(fixtures, installed, { recursive: true })
}
