export default function Beside() {
  return <h1>beside 42</h1>
}
