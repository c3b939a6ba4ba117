# SPDX-License-Identifier: MIT
# conan.py: runs the recipe as Conan would, with stand-ins for Conan's modules that take the sources from here, and builds the
# recipe's test package against the result.
#   python3 conan.py <folder of the sources> <empty folder> <compiler>
import os
import re
import shutil
import subprocess
import sys
import types

source, work, compiler = sys.argv[1:4]
recipes = os.path.join(source, "docs/packaging/conan/recipes/tenax")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def expect(what, condition):
    if not condition:
        sys.exit("the recipe: not so: " + what)


# --- stand-ins ---------------------------------------------------------------------------------------------------------
class Options(dict):
    def get_safe(self, name, default=None):
        return self.get(name, default)


class CppInfo:
    def __init__(self):
        self.properties, self.requires, self.bindirs, self.libdirs, self.includedirs = {}, [], ["bin"], ["lib"], ["include"]
        self.components = Components()

    def set_property(self, name, value):
        self.properties[name] = value


class Components(dict):
    def __missing__(self, name):
        return self.setdefault(name, CppInfo())


class ConanFile:
    def __init__(self, version, options):
        self.version, self.required = version, []
        self.options = Options({**self.default_options, **options})
        self.info = types.SimpleNamespace(clear=lambda: None)
        self.cpp_info = CppInfo()
        self.recipe_folder = os.path.join(recipes, "all")
        self.package_folder = os.path.join(work, "package")
        # The two levels of conandata.yml that the recipe reads.
        self.conan_data = {"sources": {}}
        for name, url, digest in re.findall(r'"([^"]+)":\n    url: "([^"]+)"\n    sha256: "([0-9a-f]{64})"',
                                            read(recipes, "all/conandata.yml")):
            self.conan_data["sources"][name] = {"url": url, "sha256": digest}

    def requires(self, package):
        self.required.append(package)


def basic_layout(recipe, src_folder):
    recipe.source_folder = os.path.join(work, src_folder)


def check_min_cppstd(recipe, standard):
    expect("C++20 is asked for", standard == 20)


def get(recipe, url, sha256, strip_root):
    expect("the address has the version", recipe.version in url)
    shutil.copytree(os.path.join(source, "include"), os.path.join(recipe.source_folder, "include"))
    shutil.copy(os.path.join(source, "LICENSE"), recipe.source_folder)


def copy(recipe, pattern, src, dst):
    copied = 0
    for folder, _, files in os.walk(src):
        for file in files:
            if re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*"), file):
                to = os.path.join(dst, os.path.relpath(folder, src))
                os.makedirs(to, exist_ok=True)
                shutil.copy(os.path.join(folder, file), to)
                copied += 1
    expect(pattern + " is there", copied > 0)


for module, names in {"conan": [ConanFile], "conan.tools": [], "conan.tools.build": [check_min_cppstd],
                      "conan.tools.files": [copy, get], "conan.tools.layout": [basic_layout]}.items():
    sys.modules[module] = types.ModuleType(module)
    for name in names:
        setattr(sys.modules[module], name.__name__, name)

# --- the recipe ------------------------------------------------------------------------------------------------------
namespace = {}
exec(compile(read(recipes, "all/conanfile.py"), "conanfile.py", "exec"), namespace)
numbers = re.findall(r"version_(?:major|minor|patch) = (\d+);", read(source, "include/tenax/version.hpp"))
version = ".".join(numbers)
expect("config.yml has this version", f'"{version}":' in read(recipes, "config.yml"))
components = re.findall(r"^tenax_component\((\w+)", read(source, "CMakeLists.txt"), re.M)

recipe = namespace["TenaxConan"](version, {f"with_{name}": True for name in components})
for attribute in ("name", "description", "license", "url", "homepage", "topics", "package_type"):
    expect(attribute + " is set", getattr(recipe, attribute, None))
expect("each component is an option", set(recipe.default_options) == {f"with_{name}" for name in components})
expect("conandata.yml has this version", version in recipe.conan_data["sources"])

shutil.rmtree(work, ignore_errors=True)
os.makedirs(work)
recipe.layout()
os.makedirs(recipe.source_folder)
for step in ("requirements", "validate", "source", "package", "package_id", "package_info"):
    getattr(recipe, step)()
for needed in ("include/tenax/tenax.hpp", "licenses/LICENSE"):
    expect("the package has " + needed, os.path.exists(os.path.join(recipe.package_folder, needed)))
packages = {package.split("/")[0] for package in recipe.required}
for name, component in recipe.cpp_info.components.items():
    expect(name + " has a target", component.properties["cmake_target_name"].startswith("tenax::"))
    for needed in component.requires:
        expect(needed + " is there", needed == "core" or needed.split("::")[0] in packages)
plain = namespace["TenaxConan"](version, {})
plain.requirements()
expect("nothing is required unless it is asked for", plain.required == [])

program = os.path.join(work, "test_package")
subprocess.run([compiler, "-std=c++20", "-I" + os.path.join(recipe.package_folder, "include"),
                os.path.join(recipes, "all/test_package/test_package.cpp"), "-o", program], check=True)
subprocess.run([program], check=True)
