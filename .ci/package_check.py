"""Holds package/ against the tools of Argo's and Atlan's world: hera's models, pyatlan's generator."""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import yaml
from hera.workflows.models import ClusterWorkflowTemplate, WorkflowTemplate
from pyatlan.model.packages import APITokenConnectionAdmin
from pyatlan.pkg.models import CustomPackage, generate
from pyatlan.pkg.ui import UIConfig, UIStep
from pyatlan.pkg.widgets import APITokenSelector, ConnectionSelector

ROOT = Path(__file__).resolve().parent.parent
WIDGETS = {"connectionSelector": ConnectionSelector, "apiTokenSelect": APITokenSelector}


def differences(ours, theirs, at=""):
    """Every place where two JSON values differ, as `path: ours / theirs`. Lists of things with a name are
    compared by name."""
    by_name = lambda value: isinstance(value, list) and value and all(
        isinstance(item, dict) and "name" in item for item in value
    )
    if by_name(ours) and by_name(theirs):
        ours, theirs = ({item["name"]: item for item in value} for value in (ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {
            line
            for key in ours.keys() | theirs.keys()
            for line in differences(ours.get(key, "nothing"), theirs.get(key, "nothing"), f"{at}/{key}")
        }
    return set() if ours == theirs else {at}


def expect(what, found, intended):
    """Fails unless the differences are the intended ones, all of them."""
    surprises = sorted(found - intended) + [f"{path} (no longer differs)" for path in sorted(intended - found)]
    if surprises:
        sys.exit(f"{what}: not as intended:\n  " + "\n  ".join(surprises))
    print(f"{what}: as intended, {len(intended)} differences")


def in_hera(template):
    """hera drops what Argo's API doesn't have, so what comes out must be what went in."""
    for kind in (WorkflowTemplate, ClusterWorkflowTemplate):
        # argopm changes the kind like this when it installs cluster-wide.
        given = {**template, "kind": kind.__name__}
        parsed = kind.model_validate(given)
        kept = parsed.model_dump(mode="json", by_alias=True, exclude_unset=True)
        expect(f"hera, {kind.__name__}", differences(given, kept), set())


def generated(config):
    """The same package, made by pyatlan's generator."""

    def field(ui):
        given = {key: value for key, value in ui.items() if key != "widget"}
        if ui["widget"] == "apiTokenSelect":
            given.pop("placeholder")  # pyatlan's has none, and renders an empty one
        return WIDGETS[ui["widget"]](required=True, **given)

    package = CustomPackage(
        package_id=config["id"],
        package_name=config["name"],
        description=config["description"],
        icon_url=config["icon"],
        docs_url=config["docs"],
        keywords=config["keywords"],
        preview=True,
        container_image=config["image"],
        container_command=config["command"],
        outputs={"debug-logs": config["outputs"]["debug-logs"]},
        ui_config=UIConfig(
            steps=[
                UIStep(
                    title=step["title"],
                    description=step["description"],
                    inputs={given["name"]: field(given["ui"]) for given in step["inputs"]},
                )
                for step in config["steps"]
            ]
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        generate(pkg=package, path=Path(folder), operation="package")
        return read(Path(folder) / package.name)


def read(folder):
    """package.json, the form, and the workflow template."""
    config_map = yaml.safe_load((folder / "configmaps/default.yaml").read_text())
    config_map["data"]["config"] = json.loads(config_map["data"]["config"])
    return (
        json.loads((folder / "package.json").read_text()),
        config_map,
        yaml.safe_load((folder / "templates/default.yaml").read_text()),
    )


def like_pyatlan(ours, theirs):
    expect("pyatlan, package.json", differences(ours[0], theirs[0]), {
        "/version",  # pyatlan puts its own there
        "/license",  # Apache-2.0 instead of MIT
        "/scripts",  # there are none
        # pyatlan says "true", but nobody has looked at this package.
        "/config/labels/orchestration.atlan.com/certified",
        "/config/labels/orchestration.atlan.com/verified",
    })  # fmt: skip
    version = "/metadata/labels"
    expect("pyatlan, the form", differences(ours[1], theirs[1]), {version})
    main = "/spec/templates/main"
    expect("pyatlan, the template", differences(ours[2], theirs[2]), {
        # We add: many connections, query collections, patience and its end, one writer at a time, the report, few
        # rights, no sidecar of a mesh.
        "/spec/templates/for-each-connection",
        "/spec/templates/collection",
        f"{main}/metadata",
        f"{main}/activeDeadlineSeconds",
        f"{main}/retryStrategy",
        f"{main}/synchronization",
        f"{main}/volumes",
        f"{main}/outputs/parameters",
        f"{main}/outputs/artifacts/debug-logs/optional",
        f"{main}/container/resources",
        f"{main}/container/securityContext",
        f"{main}/container/volumeMounts",
        f"{main}/container/env/LOG_FILE",
        f"{main}/container/env/REPORT_FILE",
        f"{main}/container/env/REPORT_MAX_BYTES",
        # We say which version is installed, and pin the image's.
        version,
        f"{main}/container/image",
        # We leave out what the program has no use for.
        f"{main}/container/args",
        f"{main}/inputs/artifacts",
        f"{main}/inputs/parameters/output_prefix",
        *(
            f"{main}/container/env/{name}"
            for name in "AWS_S3_BUCKET_NAME AWS_S3_REGION SMTP_HOST SMTP_PORT SMTP_FROM SMTP_USER SMTP_PASS".split()
        ),
        # The same JSON, indented otherwise.
        f"{main}/container/env/NESTED_CONFIG/value",
    })  # fmt: skip


def like_config(package, config):
    """What pyatlan's generator isn't asked for is the config's all the same."""
    for what, ours, given in [
        ("npm", package, config["npm"]),
        ("labels", package["config"]["labels"], config["labels"]),
        ("annotations", package["config"]["annotations"], config["annotations"]),
    ]:
        expect(f"the config's {what}", differences({key: ours.get(key) for key in given}, given), set())


def runs_from_pyatlan(template):
    """A workflow made by pyatlan finds the template, and hands over nothing that it doesn't take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        package = APITokenConnectionAdmin().config("default/snowflake/1700000000", "a-guid")
    workflow = json.loads(package.to_workflow().json(by_alias=True, exclude_none=True))
    [task] = workflow["spec"]["templates"][0]["dag"]["tasks"]
    wanted = {"name": template["metadata"]["name"], "template": "main", "clusterScope": True}
    expect("pyatlan, its reference", differences(task["templateRef"], wanted), set())
    main = next(given for given in template["spec"]["templates"] if given["name"] == "main")
    names = lambda parameters: {parameter["name"]: "" for parameter in parameters}
    taken, given = names(main["inputs"]["parameters"]), names(task["arguments"]["parameters"])
    expect("pyatlan, its parameters", differences(taken, given), set())


if __name__ == "__main__":
    ours = read(ROOT / "package")
    in_hera(ours[2])
    config = json.loads((ROOT / "package-config.json").read_text())
    like_pyatlan(ours, generated(config))
    like_config(ours[0], config)
    runs_from_pyatlan(ours[2])
