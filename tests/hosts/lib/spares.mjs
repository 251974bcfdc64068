const radix = (name, element, expect) => ({
  imports: `import * as Late from '@radix-ui/react-${name}'`,
  content: element,
  expect,
})

/** Installed and imported by nobody. Each shares modules with those before it, and React, so that an optimizer run for it reloads. */
export const spares = [
  radix('label', '<Late.Label>label 42</Late.Label>', '<label>label 42</label>'),
  radix('toggle', '<Late.Toggle>toggle 42</Late.Toggle>', '>toggle 42</button>'),
  radix('avatar', '<Late.Avatar><Late.Fallback>avatar 42</Late.Fallback></Late.Avatar>', '>avatar 42</span>'),
  radix('switch', '<Late.Switch>switch 42</Late.Switch>', '>switch 42</button>'),
  radix('progress', '<Late.Progress value={42}>progress 42</Late.Progress>', '>progress 42</div>'),
  radix('collapsible', '<Late.Root open><Late.Content>collapsible 42</Late.Content></Late.Root>', '>collapsible 42</div>'),
  radix('tabs', '<Late.Root><Late.List>tabs 42</Late.List></Late.Root>', '>tabs 42</div>'),
  radix('checkbox', '<Late.Checkbox>checkbox 42</Late.Checkbox>', '>checkbox 42</button>'),
]
