import Counter from './counter'
import Draft from './draft'

export default function Root({ path }: { path: string }) {
  return (
    <html lang="en">
      <head>
        <link rel="icon" href="data:," />
      </head>
      <body>
        {path === '/beside' ? <h1>beside 42</h1> : <Home />}
      </body>
    </html>
  )
}

function Home() {
  return (
    <>
      <Counter />
      <Draft />
    </>
  )
}
