/** A test saves this one, with a page in it. */
export default function Slot() {
  return <section>nothing yet</section>
}
