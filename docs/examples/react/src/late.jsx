export function Late() {
  return <p>Nothing late yet.</p>
}
