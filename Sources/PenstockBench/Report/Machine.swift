import Glibc

/// What figures were measured on.
enum Machine {
  /// Kernel and architecture.
  static var system: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "" }
    return [text(of: name.sysname), text(of: name.release), text(of: name.machine)]
      .joined(separator: " ")
  }

  static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  private static func text<Characters>(of characters: Characters) -> String {
    withUnsafeBytes(of: characters) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
