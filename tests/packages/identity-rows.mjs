// What has to stay one thing although its parts were bundled at different times. Every row is a few modules that are asked in turn, those
// of all rows at a time: between two modules of a row, all others add dependencies. `expects` is what the last one answers. Where a late
// dependency is not the same, the row `differs`: what the last module answers then, and the reason.

const everywhere = ['browser', 'node', 'workerd']
const row = (what, modules, expects, { sides = everywhere, differs } = {}) => ({ what, modules, expects, sides, differs })

export const rows = [
  row(
    'hooks of a late package work with an early React',
    [
      `import { useState } from 'react'
       export const useFour = () => useState(4)[0]`,
      `import { createElement } from 'react'
       import { renderToString } from 'react-dom/server.edge'
       export const render = (component) => renderToString(createElement(component))`,
      `import { useStore } from 'zustand'
       import { createStore } from 'zustand/vanilla'
       import { useFour } from './0.mjs'
       import { render } from './1.mjs'
       const store = createStore(() => ({ bears: 3 }))
       export const answer = () => render(() => useFour() + useStore(store, ({ bears }) => bears))`,
    ],
    '7',
  ),
  row(
    'React is the same object for those who import it and those who require it',
    [
      `import React, { useState } from 'react'
       export { React, useState }`,
      `import { React } from '@fixture/react-by-require'
       export { React }`,
      `import { React, useState } from '@fixture/react-by-star'
       import * as early from './0.mjs'
       import * as required from './1.mjs'
       export const answer = () => [early.React === React, early.useState === useState, required.React.useState === useState]`,
    ],
    [true, true, true],
  ),
  row(
    'a context of Radix reaches from an early provider to a late consumer',
    [
      `export { DirectionProvider } from '@radix-ui/react-direction'`,
      `import { createElement } from 'react'
       import { renderToString } from 'react-dom/server.edge'
       import * as Tabs from '@radix-ui/react-tabs'
       import { DirectionProvider } from './0.mjs'
       const page = () => createElement(DirectionProvider, { dir: 'rtl' }, createElement(Tabs.Root))
       export const answer = () => /dir="(\\w+)"/.exec(renderToString(page()))?.[1]`,
    ],
    'rtl',
  ),
  row(
    'a context of TanStack Query reaches from an early provider to a late consumer',
    [
      `import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
       export const client = new QueryClient()
       client.setQueryData(['greeting'], 'hello from the cache')
       export { QueryClientProvider }`,
      `import { createElement } from 'react'
       import { renderToString } from 'react-dom/server.edge'
       import { useCached } from '@fixture/query-reader'
       import { client, QueryClientProvider } from './0.mjs'
       const Greeting = () => useCached(['greeting'])
       export const answer = () => renderToString(createElement(QueryClientProvider, { client }, createElement(Greeting)))`,
    ],
    'hello from the cache',
  ),
  row(
    'zod has one class for errors, by whichever entry',
    [
      `import { z, ZodError } from 'zod'
       export const schema = z.object({ name: z.string().min(3, 'too short') })
       export { ZodError }`,
      `import { zodResolver } from '@hookform/resolvers/zod'
       import * as late from 'zod/v4'
       import { schema, ZodError } from './0.mjs'
       const resolve = zodResolver(schema)
       export const answer = async () => {
         const { errors } = await resolve({ name: 'x' }, undefined, { fields: {} })
         return [errors.name.message, late.ZodError === ZodError]
       }`,
    ],
    ['too short', true],
  ),
  row(
    "a late package's objects are instances of early classes: those of rxjs",
    [
      `export { Observable, Subject } from 'rxjs'`,
      `import { WebSocketSubject } from 'rxjs/webSocket'
       import { Observable, Subject } from './0.mjs'
       const late = new WebSocketSubject({ url: 'ws://nobody', WebSocketCtor: class {} })
       export const answer = () => [late instanceof Observable, late instanceof Subject]`,
    ],
    [true, true],
  ),
  row(
    "a late package extends an early package's class, and both tell its instances",
    [
      `export { Failure } from '@fixture/failure'`,
      `import { isFailure, SpecialFailure } from '@fixture/failure-judge'
       import { Failure } from './0.mjs'
       export const answer = () => [isFailure(new Failure()), new SpecialFailure() instanceof Failure, isFailure(new Error())]`,
    ],
    [true, true, false],
  ),
  row(
    'a store of zustand is one',
    [
      `import { store } from '@fixture/store'
       store.setState({ bears: 5 })`,
      `import { bears } from '@fixture/store-reader'
       export const answer = bears`,
    ],
    5,
  ),
  row(
    'i18next is one',
    [
      `import i18next from 'i18next'
       await i18next.init({ lng: 'en', resources: { en: { translation: { greeting: 'ahoy' } } } })`,
      `import { greet } from '@fixture/translator'
       export const answer = greet`,
    ],
    'ahoy',
  ),
  row(
    'a CJS package is one for those who import it and those who require it',
    [
      `import tally from '@fixture/tally'
       tally.increment()
       export { tally }`,
      `import late from '@fixture/tally-by-require'
       late.increment()`,
      `import { increment } from '@fixture/tally-by-import'
       import { tally } from './0.mjs'
       export const answer = () => [increment(), tally.count()]`,
    ],
    [3, 3],
  ),
  row(
    'a CJS package is one when it comes last, too',
    [
      `import * as first from '@fixture/tally-late-by-require'
       export const increment = first.default.increment`,
      `import tally from '@fixture/tally-late'
       import { increment } from './0.mjs'
       export const answer = () => [increment(), tally.count()]`,
    ],
    [1, 1],
  ),
  row(
    'default and named exports of compiled ES modules are what they are for every importer',
    [
      `import whole, { named } from '@fixture/interop'
       export { whole, named }`,
      `import * as late from '@fixture/interop-by-both'
       import { whole, named } from './0.mjs'
       export const answer = () => [late.whole === whole, late.named === named]`,
    ],
    [true, true],
  ),
  row(
    'an export that changes is seen by an early importer, a late re-export and a late require',
    [
      `import { count } from '@fixture/live'
       export const early = () => count`,
      `import { count, again, raise } from '@fixture/live-by-reexport'
       export const reexported = () => [count, again]
       raise()`,
      `import required from '@fixture/live-by-require'
       import { early } from './0.mjs'
       import { reexported } from './1.mjs'
       required.raise()
       export const answer = () => [early(), reexported(), required.count()]`,
    ],
    [2, [2, 2], 2],
  ),
  row(
    'JSON that two packages import is one object',
    [
      `export { data } from '@fixture/json'`,
      `import { data } from '@fixture/json-reader'
       import * as early from './0.mjs'
       export const answer = () => [data.answer, data === early.data]`,
    ],
    [42, true],
  ),
  row(
    'what a dependency imports dynamically of its own shares its modules with the rest of it',
    [
      `import * as lazy from '@fixture/lazy'
       export { lazy }`,
      `import { raiseByPart } from '@fixture/lazy-user'
       import { lazy } from './0.mjs'
       export const answer = async () => {
         await raiseByPart()
         const part = await lazy.part()
         part.raise()
         return lazy.raised()
       }`,
    ],
    2,
  ),
  row(
    'what a dependency imports dynamically of another is what all others import',
    [
      `export { useState } from 'react'`,
      `import { react } from '@fixture/lazy'
       import { useState } from './0.mjs'
       export const answer = async () => (await react()).useState === useState`,
    ],
    true,
  ),
  row(
    'files beside a module are served',
    [
      `export { wasm } from '@fixture/assets'`,
      `import { wasm, words } from '@fixture/assets'
       export const answer = async () => {
         const { exports } = await WebAssembly.instantiateStreaming(fetch(wasm)).then(({ instance }) => instance)
         return [Object.keys(exports).length, await (await fetch(words)).text()]
       }`,
    ],
    [0, 'plain words\n'],
    { sides: ['browser'] },
  ),
  row(
    'files beside a module are found on disk',
    [
      `import { readFileSync } from 'node:fs'
       import { fileURLToPath } from 'node:url'
       import { words } from '@fixture/assets'
       export const answer = () => readFileSync(fileURLToPath(words), 'utf8')`,
    ],
    'plain words\n',
    { sides: ['node'] },
  ),
  row(
    'import.meta.url of a dependency is the address of a file that is served',
    [
      `import { own } from '@fixture/assets'
       export const answer = async () => {
         const response = await fetch(own)
         return [response.status, response.headers.get('content-type'), /assets/.test(await response.text())]
       }`,
    ],
    [200, 'text/javascript', true],
    { sides: ['browser'] },
  ),
  row(
    'import.meta.url of a dependency is the address of a file that exists',
    [
      `import { readFileSync } from 'node:fs'
       import { own } from '@fixture/assets'
       export const answer = () => readFileSync(new URL(own), 'utf8').includes('assets')`,
    ],
    true,
    { sides: ['node'] },
  ),
  row(
    'a worker inside a dependency works',
    [
      `import { ask } from '@fixture/worker'
       export const answer = () => ask(41)`,
    ],
    42,
    { sides: ['browser'] },
  ),
  row(
    'the CSS that a dependency imports is applied',
    [
      `import { className } from '@fixture/styled'
       export const answer = () => {
         const styled = Object.assign(document.createElement('p'), { className })
         document.body.append(styled)
         return getComputedStyle(styled).color
       }`,
    ],
    'rgb(1, 2, 3)',
    { sides: ['browser'] },
  ),
  row(
    'packages that import each other come late and work',
    [
      `import { two } from '@fixture/circle-two'
       export const early = two`,
      `import { three } from '@fixture/circle-one'
       import { early } from './0.mjs'
       export const answer = () => [early(), three()]`,
    ],
    [2, 3],
  ),
  row(
    'a value that a module awaited is one',
    [
      `export { value } from '@fixture/awaited'`,
      `import { value } from '@fixture/awaited-reader'
       import * as early from './0.mjs'
       export const answer = () => [value.awaited, value === early.value]`,
    ],
    [true, true],
  ),
  row(
    'shared modules run once and first, each package when it is imported',
    [
      `import '@fixture/order-left'
       export const runs = () => globalThis.fixtureRuns.filter((name) => /^order-(base|left|right|top)/.test(name)).join(' ')
       export const early = runs()`,
      `import '@fixture/order-top'
       import { early, runs } from './0.mjs'
       export const answer = () => [early, runs()]`,
    ],
    ['order-base order-left', 'order-base order-left order-right order-top'],
  ),
  row(
    'what is required in a function runs when the function is called',
    [
      `import late from '@fixture/order-on-demand'
       const runs = () => globalThis.fixtureRuns.filter((name) => /^order-(on-)?demand/.test(name)).join(' ')
       export const answer = () => {
         const before = runs()
         late.demand()
         late.demandModule()
         late.demandModule()
         return [before, runs()]
       }`,
    ],
    ['order-on-demand', 'order-on-demand order-on-demand/demanded order-demanded'],
  ),
  row(
    'of two packages that are met at once, the one that is imported later runs later',
    [
      `import '@fixture/user-of-first'
       export const second = () => import('@fixture/user-of-second')
       export const runs = () => globalThis.fixtureRuns.filter((name) => /^(parts|user-of)/.test(name)).join(' ')
       export const early = runs()`,
      `import { early, runs, second } from './0.mjs'
       export const answer = async () => {
         await second()
         return [early, runs()]
       }`,
    ],
    ['parts/first user-of-first', 'parts/first user-of-first parts/second user-of-second'],
  ),
  row(
    'a late package runs what it needs of earlier ones, and not these themselves',
    [
      `export const never = () => import('@fixture/chain-first')`,
      `export const never = () => import('@fixture/chain-second')`,
      `import { name } from '@fixture/chain-third'
       const runs = () => globalThis.fixtureRuns.filter((name) => name.includes('chain')).join(' ')
       export const answer = () => [name, runs()]`,
    ],
    ['base link third', 'chain-third chain-link chain-base'],
  ),
  row(
    'a late import of one module of a package runs nothing else of what was bundled with it and never ran',
    [
      `export const never = () => import('@fixture/user-of-pieces')`,
      `import { first } from '@fixture/pieces/first'
       const runs = () => globalThis.fixtureRuns.filter((name) => name.includes('pieces')).join(' ')
       export const answer = () => [first, runs()]`,
    ],
    ['first piece', 'pieces/first'],
    {
      differs: {
        reason:
          'modules of a package that the same entries reach share a file, as do packages that one entry alone needs, and a file is evaluated as a whole: a late import of one of its modules evaluates all',
        answer: ['first piece', 'pieces/first pieces/second'],
      },
    },
  ),
  row(
    'a property of a CJS module that changes is seen through an early re-export',
    [
      `export * from '@fixture/moving-by-reexport'`,
      `import { read, move } from '@fixture/moving-reader'
       export const answer = () => {
         const before = read()
         move()
         return [before, read()]
       }`,
    ],
    [1, 2],
    {
      differs: {
        reason:
          'what an ES module re-exports of a CommonJS module is read once by each dependency that is added later: one that reads it before it is assigned again keeps the old value',
        answer: [1, 1],
      },
    },
  ),
  row(
    'what two modules re-export is one thing, and a late module re-exports both as a whole',
    [
      `export { make } from '@fixture/barrels/parts'`,
      `import * as barrels from '@fixture/barrels'
       import { make } from './0.mjs'
       export const answer = () => [Object.keys(barrels), barrels.make === make]`,
    ],
    [['make', 'whole'], true],
  ),
  row(
    'exports that nobody needed at first, under whatever names, are there for a late package',
    [
      `export { first } from '@fixture/names'`,
      `import { names, Whole, inner, odd, alsoOdd } from '@fixture/names-reader'
       export const answer = () => {
         inner.dig()
         return [names(['default', 'first', 'inner']), Whole.name, inner.deep, odd, alsoOdd]
       }`,
    ],
    [['function', 'string', 'object'], 'Whole', 2, 'odd', 'odd'],
  ),
  row(
    'an ES module that was only to be required some day runs when it is imported',
    [
      `import sleeper from '@fixture/asleep-by-require'
       export const { wake } = sleeper`,
      `import { state } from '@fixture/asleep-by-import'
       import { wake } from './0.mjs'
       export const answer = () => [state.awake, state === wake()]`,
    ],
    [true, true],
  ),
  row(
    'an ES module that was only to be required some day runs when a package without side effects re-exports it',
    [
      `import quiet from '@fixture/quiet-by-require'
       export const { ask } = quiet`,
      `import { part } from '@fixture/quiet'
       import { ask } from './0.mjs'
       export const answer = () => [part.has, part === ask()]`,
    ],
    ['run', true],
  ),
  row(
    'an entry exports its own names alone, whatever other files need of it',
    [
      `import * as exporter from '@fixture/exporter'
       export const answer = async () => {
         const { names } = await exporter.later()
         return [Object.keys(exporter).filter((name) => !names().includes(name)), exporter.own]
       }`,
    ],
    [[], 'own'],
  ),
  row(
    'packages that import each other, one by an alias of its own, run in their order',
    [
      `import { Base, Derived } from '@fixture/pair-base'
       export const answer = () => new Derived() instanceof Base`,
    ],
    true,
  ),
  row(
    'a file with two names is one module',
    [
      `export { own } from '@fixture/two-names'`,
      `import { own } from '@fixture/two-names/again'
       import * as early from './0.mjs'
       export const answer = () => own === early.own`,
    ],
    true,
  ),
  row(
    'a package for browsers brings the file for browsers, early and late',
    [
      `export { name } from '@fixture/for-browsers'`,
      `import { name } from '@fixture/for-browsers-reader'
       import * as early from './0.mjs'
       export const answer = () => [early.name, name]`,
    ],
    ['browser', 'browser'],
    { sides: ['browser'] },
  ),
  row(
    'an optional peer that is not installed harms nobody who does not use it',
    [
      `export { works } from '@fixture/optional-peer'`,
      `import { trace, works } from '@fixture/optional-peer-user'
       import * as early from './0.mjs'
       export const answer = () => [early.works(), works(), typeof trace]`,
    ],
    ['works', 'works', 'function'],
  ),
  row(
    'JSON that two packages require is one object',
    [
      `export { data } from '@fixture/json-by-require'`,
      `import { data } from '@fixture/json-by-require-too'
       import * as early from './0.mjs'
       export const answer = () => [data.answer, data === early.data]`,
    ],
    [42, true],
  ),
]
