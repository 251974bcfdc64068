import { Avatar, AvatarFallback } from '@radix-ui/react-avatar'

export default function StreamedPage() {
  return (
    <Avatar>
      <AvatarFallback data-page="stream">stream says hello</AvatarFallback>
    </Avatar>
  )
}
