import { expect, test } from 'vitest'
import { newManifest } from './layer-plan.js'
import { Store } from './store.js'

test('an entry of the cache that is in no layer is a doubt', () => {
  const manifest = newManifest()
  manifest.entries.set('own', { src: '/own.js', code: '', exports: [] })
  const store = new Store('deps')
  expect(store.foreignEntry(manifest, ['own'])).toBeUndefined()
  expect(store.foreignEntry(manifest, ['own', 'foreign'])).toMatchObject({ reason: 'manifestUnusable' })
})
