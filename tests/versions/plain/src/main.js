document.title = 'plain says hello'
