// Somebody works on a component in Storybook, and each save brings it a dependency that Vite has not met. On the bare stack the
// preview is loaded again or fails. Where runs add, it shows what was saved and is never loaded.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { copyApp, startApp } from './lib/app.mjs'
import { openBrowser } from './lib/browser.mjs'
import { addingAlone, defaults } from './lib/guarded.mjs'
import * as checkout from './lib/paths.mjs'

const folder = fileURLToPath(new URL('../additive', import.meta.url))
const stack = { ...checkout, appsFolder: folder }
const command = [path.join(folder, 'node_modules/storybook/dist/bin/dispatcher.js'), 'dev', '--ci', '--host', '127.0.0.1', '--exact-port']
const preview = '/iframe.html?id=card--plain&viewMode=story'

/** Each fails on two Reacts. */
const saves = {
  zustand: card("import { create } from 'zustand'\nconst useSays = create(() => 'zustand says 42')", '{useSays()}'),
  dialog: card("import * as Dialog from '@radix-ui/react-dialog'", '<Dialog.Root><Dialog.Trigger>dialog says 42</Dialog.Trigger></Dialog.Root>'),
  form: card("import { useForm } from 'react-hook-form'", "{useForm({ defaultValues: { says: 'form says 42' } }).getValues('says')}"),
}
const names = Object.keys(saves)

function card(head, content) {
  return `${head}\n\nexport default function Card() {\n  return <div>${content}</div>\n}\n`
}

let browser
before(async () => (browser = await openBrowser()))
after(() => browser.close())

test('without Evenkeel the preview is loaded again, or fails', async () => {
  const { loads, trouble } = await work({})
  assert.ok(loads > 0 || trouble.length > 0, 'this shows nothing on a stack that is right by itself')
})

for (const [title, env] of [
  ['with Evenkeel', defaults()],
  ['where runs add, with nothing else', addingAlone()],
]) {
  describe(title, () => {
    let seen
    before(async () => (seen = await work(env)))

    test('every save is shown', () => assert.deepEqual(seen.shown, names, seen.log))
    test('the preview is never loaded again', () => assert.equal(seen.loads, 0, seen.log))
    test('nothing goes wrong in it', () => assert.deepEqual(seen.trouble, [], seen.log))
  })
}

/** What a person sees who saves one dependency after the other. */
async function work(env) {
  const { root, remove } = await copyApp('storybook', stack)
  let storybook
  try {
    storybook = await startApp({ stack, root, command, ready: /Storybook ready!/, env })
    const { page, documents, trouble } = await browser.openTab()
    await page.goto(storybook.url + preview)
    await page.getByText('card without dependencies').waitFor()
    const shown = []
    for (const [name, source] of Object.entries(saves)) {
      await writeFile(path.join(root, 'src/card.jsx'), source)
      const isShown = page.getByText(`${name} says 42`).waitFor({ timeout: 10_000 })
      if (await isShown.then(() => true, () => false)) shown.push(name)
    }
    await page.close()
    return { shown, loads: documents.length - 1, trouble, log: storybook.log() }
  } finally {
    await storybook?.stop()
    await remove()
  }
}
