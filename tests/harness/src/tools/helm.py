"""`helm template` and `helm lint`, as far as tests use them, by the SDK that carries Helm itself."""

import sys

import helm_python as helm


def merged(base, over):
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merged(base[key], value)
        else:
            base[key] = value
    return base


def template(name, chart, values, namespace):
    with helm.Chart.load(chart) as loaded:
        loaded.validate_schema(values)
        for path, text in sorted(loaded.render(values, name=name, namespace=namespace).items()):
            if text.strip() and not path.endswith("NOTES.txt"):
                print(f"---\n# Source: {path}\n{text.strip()}")


def lint(chart, values, namespace):
    report = helm.lint(chart, values, strict=True, namespace=namespace)
    for message in report["messages"]:
        print(message, file=sys.stderr)
    return 1 if report["errors"] or any(found["severity"] > 1 for found in report["messages"]) else 0


def main(arguments):
    plain, values, namespace = [], {}, "default"
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-f", "--values"):
            with open(next(rest), encoding="utf-8") as file:
                merged(values, helm.values_from_yaml(file.read()))
        elif argument == "--set":
            merged(values, helm.parse_set_string(next(rest)))
        elif argument == "--namespace":
            namespace = next(rest)
        elif argument != "--strict":
            plain.append(argument)
    match plain:
        case ["version"]:
            print(helm.__name__)
        case ["template", name, chart]:
            template(name, chart, values, namespace)
        case ["lint", chart]:
            return lint(chart, values, namespace)
        case _:
            sys.exit(f"Error: not known here: {arguments}")
    return 0


try:
    sys.exit(main(sys.argv[1:]))
except helm.HelmError as error:
    sys.exit(f"Error: {error}")
