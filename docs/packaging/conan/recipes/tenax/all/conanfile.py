import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, get
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class TenaxConan(ConanFile):
    name = "tenax"
    description = "Retry, backoff and rate limiting for C++20, header only"
    license = "MIT"
    url = "https://github.com/conan-io/conan-center-index"
    homepage = "https://example.org/tenax"
    topics = ("retry", "backoff", "rate-limit", "circuit-breaker", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    # Component of tenax, and what it needs: the component of the package that it links, and the package.
    _components = {
        "fmt": ("fmt::fmt", "fmt/11.1.4"),
        "httplib": ("cpp-httplib::cpp-httplib", "cpp-httplib/0.20.1"),
        "curl": ("libcurl::libcurl", "libcurl/[>=7.78.0 <9]"),
        "beast": ("boost::headers", "boost/1.86.0"),
        "nlohmann_json": ("nlohmann_json::nlohmann_json", "nlohmann_json/3.11.3"),
        "hiredis": ("hiredis::hiredis", "hiredis/1.2.0"),
        "grpc": ("grpc::grpc++", "grpc/1.67.1"),
        "pqxx": ("libpqxx::libpqxx", "libpqxx/7.9.2"),
        "asio": ("asio::asio", "asio/1.32.0"),
        "boost_asio": ("boost::headers", "boost/1.86.0"),
    }
    options = {f"with_{component}": [True, False] for component in _components}
    default_options = {f"with_{component}": False for component in _components}

    def _wanted(self):
        return {name: needs for name, needs in self._components.items() if self.options.get_safe(f"with_{name}")}

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        for package in sorted({package for _, package in self._wanted().values()}):
            self.requires(package)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "tenax")
        core = self.cpp_info.components["core"]
        core.set_property("cmake_target_name", "tenax::tenax")
        core.set_property("pkg_config_name", "tenax")
        core.bindirs = []
        core.libdirs = []
        for name, (target, _) in self._wanted().items():
            component = self.cpp_info.components[name]
            component.set_property("cmake_target_name", f"tenax::{name}")
            component.requires = ["core", target]
            component.bindirs = []
            component.libdirs = []
