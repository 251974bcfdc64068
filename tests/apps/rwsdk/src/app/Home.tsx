import { Panel } from './Panel'

export function Home() {
  return (
    <main>
      <h1>server says hello</h1>
      <Panel />
    </main>
  )
}
