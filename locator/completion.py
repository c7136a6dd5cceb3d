"""`bugatlas completion SHELL`: what a shell needs to complete commands, options and what the index knows."""

from __future__ import annotations

import click

LINES = {
    "bash": ("~/.bashrc", 'eval "$(_BUGATLAS_COMPLETE=bash_source bugatlas)"'),
    "zsh": (
        "~/.zshrc",
        'autoload -Uz compinit && compinit\neval "$(_BUGATLAS_COMPLETE=zsh_source bugatlas)"',
    ),
    "fish": ("~/.config/fish/completions/bugatlas.fish", "_BUGATLAS_COMPLETE=fish_source bugatlas | source"),
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(LINES)))
def completion(shell: str) -> None:
    """Print the lines that turn completion on in a SHELL; add them to its settings.

    \b
      bugatlas completion bash >> ~/.bashrc
      bugatlas completion zsh  >> ~/.zshrc
      bugatlas completion fish >  ~/.config/fish/completions/bugatlas.fish
    """
    _, lines = LINES[shell]
    click.echo(f"# completion of bugatlas\n{lines}")
