"""Rules about packages that a command fetches from a registry and runs at once, by their names.

Anybody can publish under a name that nobody took, so a name that few know is for a person to see:
unless the user named it, as `ground` knows.
"""

import re
from collections.abc import Iterator
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import look_up
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The programs that fetch what they run, with the words behind which its name stands.
_RUNNERS: Final[dict[str, frozenset[tuple[str, ...]]]] = {
    **dict.fromkeys(("npx", "pnpx", "bunx", "uvx"), frozenset({()})),
    "npm": frozenset({("exec",), ("x",)}),
    "pnpm": frozenset({("dlx",)}),
    "yarn": frozenset({("dlx",)}),
    "bun": frozenset({("x",)}),
    "uv": frozenset({("tool", "run"), ("x",)}),
    "pipx": frozenset({("run",)}),
    "go": frozenset({("run",)}),
}
_CREATE: Final = "create-"  # how the name begins of what these run
_CREATORS: Final[dict[str, frozenset[tuple[str, ...]]]] = {
    "npm": frozenset({("create",), ("init",), ("innit",)}),
    **dict.fromkeys(("pnpm", "yarn", "bun"), frozenset({("create",)})),
}
_PACKAGES: Final = _names("-p --package --from --spec --with")
_VALUED: Final = _names(
    "-c --call -w --workspace --python --index-url -i -C --prefix --registry --cwd --dir --filter"
    " --directory --project"
)
_PNPM_FLAGS: Final = _names("-c -w")  # which have a value in others
_LOCAL: Final = _names("--no-install --offline --no")
_AGREES: Final = _names("-y --yes")  # takes `--no` back
_ALIAS: Final = re.compile(r"(?:.+@)?(?:npm|jsr):")  # another package than the name before it
_VERSION: Final = re.compile(r"(?<=.)@[^/]*$|[=<>~!\[;].*$")
_PLACE: Final = re.compile(r"[.~/$]|\w+:|[\w-]+/")  # a folder or an address: other rules look at it
_GO_MODULE: Final = re.compile(r"(?P<host>[\w-]+(?:\.[\w-]+)+)/(?P<path>[^@\s]+)@\S+")
_GO_OWN: Final = _names("golang.org google.golang.org mvdan.cc honnef.co sigs.k8s.io k8s.io")
_KNOWN: Final = _names(
    "tsc tsx ts-node typescript eslint prettier stylelint markdownlint markdownlint-cli"
    " markdownlint-cli2 biome oxlint xo standard jest vitest mocha ava c8 nyc cypress"
    " playwright puppeteer storybook vite webpack rollup parcel esbuild swc turbo nx lerna"
    " gulp grunt next nuxt astro gatsby remix svelte-kit svelte-check vue-tsc ng expo "
    " react-native ionic cap electron electron-builder prisma drizzle-kit typeorm knex"
    " sequelize-cli graphql-codegen openapi-typescript openapi-generator-cli swagger-cli redocly"
    " serve"
    " http-server json-server live-server nodemon concurrently cross-env dotenv rimraf "
    " npm-check-updates ncu npm-run-all depcheck madge knip syncpack changeset semantic-release"
    " commitlint commitizen cz husky lint-staged sort-package-json license-checker size-limit"
    " bundlesize source-map-explorer lighthouse wrangler vercel netlify firebase serverless"
    " sls cdk aws-cdk amplify sst tailwindcss postcss sass create-react-app create-next-app"
    " create-vite create-vue create-svelte create-astro create-remix create-expo-app "
    " create-nx-workspace create-t3-app degit tsup tsd typedoc jsdoc api-extractor zx mkdocs "
    " sphinx-build ruff black isort flake8 pylint mypy pyright basedpyright pytest tox nox coverage"
    " pre-commit bandit pip-audit safety poetry pdm hatch build twine cookiecutter copier "
    " pip-tools httpie ipython jupyter jupyterlab notebook yamllint sqlfluff codespell vulture"
    " deptry pyupgrade autopep8 django-admin flask fastapi uvicorn gunicorn celery alembic"
    " ansible ansible-lint poethepoet pip ty"
)
_KNOWN_SCOPES: Final = _names(
    "@angular @vue @nestjs @storybook @playwright @biomejs @openapitools"
    " @modelcontextprotocol @tailwindcss @redocly @stoplight @changesets @aws-cdk @sentry"
    " @anthropic-ai @types @microsoft @google @sveltejs @remix-run @graphql-codegen"
    " @commitlint @arethetypeswrong @swc @babel @nx @expo @ionic @capacitor "
    " @react-native-community @react-native @openai @github @eslint @typescript-eslint"
)


def check_package(review: Review, call: Call) -> None:
    """Judge what is fetched and run in one, unless the name is one that many use every day."""
    for word, name in _fetched(call):
        if name := _unknown(review, name, call.program):
            review.external = True
            review.note(
                "runs-package",
                RiskLevel.MEDIUM,
                f"Fetches {name} from a registry and runs it; few know this name.",
                word,
                name,
            )


def _fetched(call: Call) -> Iterator[tuple[Word, str]]:
    """What names a package, and the package."""
    for verbs in _RUNNERS.get(call.program, ()):
        yield from ((word, word.text) for word in _named(call, verbs))
    for verbs in _CREATORS.get(call.program, ()):
        for word in _named(call, verbs):
            is_own = word.text.startswith("@") or _PLACE.match(word.text)
            yield word, word.text if is_own else _CREATE + word.text


def _named(call: Call, verbs: tuple[str, ...]) -> Iterator[Word]:
    """Packages that options name, else the first word behind `verbs`; none of a local run."""
    valued = _VALUED - _PNPM_FLAGS if call.program == "pnpm" else _VALUED
    texts = {word.text for word in call.arguments}
    awaited = list(verbs)
    packages: list[Word] = []
    before = ""
    for word in call.arguments:
        option, _, value = word.text.partition("=")
        is_plain = before not in valued and not word.text.startswith("-")
        if awaited:
            if is_plain and word.text == awaited[0]:
                del awaited[0]
            elif is_plain and not before.startswith("-"):  # else perhaps an option's value
                return
        elif word.text in _LOCAL and _AGREES.isdisjoint(texts):
            return
        elif before in _PACKAGES:
            packages.append(word)
        elif option in _PACKAGES and value:
            packages.append(Word(value, word.span))
        elif is_plain:
            yield from packages or (word,)
            return
        before = word.text
    yield from packages


def _unknown(review: Review, text: str, runner: str) -> str:
    """The name of a package that few know; "" for any other word."""
    if runner == "go":
        found = _GO_MODULE.match(text)
        return (
            "" if found is None or found["host"] in _GO_OWN else found["host"] + "/" + found["path"]
        )
    name = _VERSION.sub("", _ALIAS.sub("", text))
    if name in _KNOWN or name.partition("/")[0] in _KNOWN_SCOPES or _PLACE.match(name):
        return ""
    return "" if not name or look_up(review.catalog, name) is not None else name
