#!/usr/bin/env python3
"""Writes JSON schemas for kubeconform, one per kind, from Kubernetes' OpenAPI document and CRDs.

json_schemas.py [--kubernetes SWAGGER.JSON] FOLDER CRD.JSON...

They accept what the API server accepts, and reject unknown fields.
"""
import argparse
import json
import os

INT_OR_STRING = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def strict(schema):
    """An OpenAPI schema as JSON schema, without Kubernetes' extensions and unnamed fields."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return INT_OR_STRING
    result = {
        key: strict(value)
        for key, value in schema.items()
        if not key.startswith("x-kubernetes-") and key not in ("default", "description", "example", "format")
    }
    if "properties" in schema:
        # These keys are field names, so even "default" or "description" stays.
        result["properties"] = {name: strict(one) for name, one in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    return result


def definitions_used(schema, definitions, used):
    """All definitions that a schema refers to, directly or not."""
    if isinstance(schema, dict):
        name = schema.get("$ref", "")
        if isinstance(name, str) and name.startswith("#/definitions/"):
            name = name.removeprefix("#/definitions/")
            if name not in used:
                used[name] = definitions[name]
                definitions_used(definitions[name], definitions, used)
        for value in schema.values():
            definitions_used(value, definitions, used)
    elif isinstance(schema, list):
        for value in schema:
            definitions_used(value, definitions, used)
    return used


def write(folder, group, version, kind, schema):
    # kubeconform's naming: {{.ResourceKind}}{{.KindSuffix}}.json, where the suffix is
    # -group-version.
    name = "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(schema, file)


def of_kubernetes(folder, swagger):
    definitions = {name: strict(schema) for name, schema in swagger["definitions"].items()}
    definitions[QUANTITY] = {"type": ["string", "number"]}
    for name, schema in swagger["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if "properties" in schema and "kind" in schema["properties"]:
                whole = dict(definitions[name], definitions=definitions_used(definitions[name], definitions, {}))
                write(folder, kind["group"], kind["version"], kind["kind"], whole)


def of_crd(folder, crd):
    spec = crd["spec"]
    for version in spec["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        schema["properties"].update(apiVersion={"type": "string"}, kind={"type": "string"}, metadata={"type": "object"})
        schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
        write(folder, spec["group"], version["name"], spec["names"]["kind"], schema)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--kubernetes", type=argparse.FileType(encoding="utf-8"))
    parser.add_argument("crds", nargs="*", type=argparse.FileType(encoding="utf-8"))
    given = parser.parse_args()
    os.makedirs(given.folder, exist_ok=True)
    if given.kubernetes:
        of_kubernetes(given.folder, json.load(given.kubernetes))
    for crd in given.crds:
        of_crd(given.folder, json.load(crd))


if __name__ == "__main__":
    main()
