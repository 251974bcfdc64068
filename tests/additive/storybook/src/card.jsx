export default function Card() {
  return <p>card without dependencies</p>
}
