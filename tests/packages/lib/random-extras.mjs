// Stylesheets, assets, workers and JSON for generated packages that run in a browser.
import { randomFrom } from '../../soak/lib/random.mjs'

const extras = {
  'a stylesheet': ({ id, nth }) => ({
    [`s${nth}.css`]: `:root { --is-${id}: styled; }\n`,
    [`m${nth}.js`]: `import './s${nth}.css'\nexport const styled_${id} = () => getComputedStyle(document.documentElement).getPropertyValue('--is-${id}')\n`,
  }),
  'an asset': ({ id, nth }) => ({
    [`a${nth}.txt`]: `asset of ${id}`,
    [`m${nth}.js`]: `export const asset_${id} = async () => (await fetch(new URL('./a${nth}.txt', import.meta.url))).text()\n`,
  }),
  JSON: ({ id, nth }) => ({
    [`d${nth}.json`]: JSON.stringify({ data: `of ${id}` }),
    [`m${nth}.js`]: `import data_${id} from './d${nth}.json'\nexport const json_${id} = () => data_${id}.data\n`,
  }),
  'a worker': ({ id, nth }) => ({
    [`w${nth}.js`]: `postMessage('from the worker of ${id}')\n`,
    [`m${nth}.js`]: `export const worked_${id} = () => new Promise((resolve) => {
  new Worker(new URL('./w${nth}.js', import.meta.url), { type: 'module' }).onmessage = ({ data }) => resolve(data)
})\n`,
  }),
}

/** The packages with extras in some of their ECMAScript modules. */
export function withExtras(seed, packages) {
  const random = randomFrom(seed).beside(2)
  const files = { ...packages.files }
  for (const [file, code] of Object.entries(packages.files)) {
    const [, name, nth] = /^(.+)\/m(\d)\.js$/.exec(file) ?? []
    const id = /\bexport const value_(\w+)/.exec(code)?.[1]
    if (!id || random.below(100) < 60) continue
    for (const [added, content] of Object.entries(random.of(Object.values(extras))({ id, nth }))) {
      files[`${name}/${added}`] = (files[`${name}/${added}`] ?? '') + content
    }
  }
  return { ...packages, files }
}
