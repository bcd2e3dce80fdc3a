import FoundationEssentials

/// The modules of one kernel release as an unpacked package has them.
struct KernelModules: Sendable {
    /// The directory named after the release.
    let directory: String
    let release: String
    /// By module name.
    let modules: [String: Module]

    struct Module: Sendable {
        /// `kernel/drivers/net/tun.ko`
        let path: String
        let information: ModuleInformation
    }

    /// Reads every module below `directory`; compressed ones must have been unpacked.
    init(directory: String, release: String) throws(ImageBuildError) {
        var modules: [String: Module] = [:]
        for path in Files.tree(directory) where path.hasSuffix(".ko") {
            do {
                let information = try ModuleInformation(try Files.read("\(directory)/\(path)"))
                modules[Self.name(path)] = Module(path: path, information: information)
            } catch let error as ImageBuildError {
                throw error
            } catch {
                throw .kernelPackageMalformed(package: release, reason: "\(path): \(error)")
            }
        }
        self.directory = directory
        self.release = release
        self.modules = modules
    }

    static func name(_ path: String) -> String {
        ModuleInformation.name((path.split(separator: "/").last ?? "").dropLast(".ko".count))
    }

    /// The modules of a list and all that they depend on, by path.
    func closure(_ list: ModuleList) -> [Module] {
        var kept: Set<String> = []
        var pending = modules.filter { list.keeps($0.value.path) }.map(\.key)
        while let name = pending.popLast() {
            guard let module = modules[name], kept.insert(name).inserted else { continue }
            pending += module.information.dependencies + module.information.softDependencies
        }
        return kept.compactMap { modules[$0] }.sorted { $0.path < $1.path }
    }

    /// What has to be loaded before a module, the last of them first: the order of modules.dep(5).
    func prerequisites(of name: String) -> [String] {
        var order: [String] = []
        var seen: Set<String> = [name]
        func visit(_ name: String) {
            for dependency in modules[name]?.information.dependencies ?? [] where seen.insert(dependency).inserted {
                visit(dependency)
                if let path = modules[dependency]?.path { order.append(path) }
            }
        }
        visit(name)
        return order.reversed()
    }

    /// modules.dep and modules.alias for busybox's modprobe, which reads no binary index.
    func indexes(of kept: [Module]) -> (dependencies: String, aliases: String) {
        var dependencies = ""
        var aliases = ""
        for module in kept {
            let name = Self.name(module.path)
            dependencies += "\(module.path):" + prerequisites(of: name).map { " \($0)" }.joined() + "\n"
            for alias in module.information.aliases { aliases += "alias \(alias) \(name)\n" }
        }
        return (dependencies, aliases)
    }

    /// Copies modules and the build's own lists into `target`, a directory named after the release.
    func copy(_ kept: [Module], to target: String) throws(ImageBuildError) {
        for module in kept {
            let parent = module.path.split(separator: "/").dropLast().joined(separator: "/")
            try Files.makeDirectory("\(target)/\(parent)")
            try Files.copy("\(directory)/\(module.path)", to: "\(target)/\(module.path)")
        }
        for list in ["modules.order", "modules.builtin", "modules.builtin.modinfo"] where Files.exists("\(directory)/\(list)") {
            try Files.copy("\(directory)/\(list)", to: "\(target)/\(list)")
        }
    }
}
