import { Button } from 'antd'

export default function Page() {
  return <Button>antd says 42</Button>
}
