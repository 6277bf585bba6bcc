import Wire

/// `/status`: one page for a browser, with its style and its script in it, that reads
/// `/status.json` again and again.
///
/// It is put together once, of the files beside this one.
enum StatusPage {
  static func append(into out: inout ByteBuffer) { out.append(page) }

  /// The fields of its answer: nothing runs but what stands in the page, known by its digest, and
  /// nothing is fetched but from here.
  static func appendFields(into out: inout ByteBuffer) { out.append(fields) }

  private static let style = PackageResources.status_css
  private static let script = PackageResources.status_js

  private static let page: [UInt8] = {
    let text = String(decoding: PackageResources.status_html, as: UTF8.self)
    let parts = text.split(separator: "{}", maxSplits: 2)
    precondition(parts.count == 3)
    return Array(parts[0].utf8) + style + Array(parts[1].utf8) + script + Array(parts[2].utf8)
  }()

  private static let fields: [UInt8] = {
    var fields = ByteBuffer()
    fields.append("Content-Security-Policy: default-src 'none'; connect-src 'self'; style-src ")
    appendSource(style, into: &fields)
    fields.append("; script-src ")
    appendSource(script, into: &fields)
    fields.append(
      """
      ; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r
      X-Content-Type-Options: nosniff\r
      Referrer-Policy: no-referrer\r
      Cache-Control: no-store\r

      """)
    return Array(copying: fields)
  }()

  /// Appends the source expression that allows just this text (CSP 3 §2.3.1).
  private static func appendSource(_ text: [UInt8], into out: inout ByteBuffer) {
    out.append("'sha256-")
    let digest = KeyDigest(of: text.span).withUnsafeBytes { Array($0) }
    Base64.encode(digest.span, into: &out)
    out.append("'")
  }
}

extension [UInt8] {
  fileprivate init(copying bytes: borrowing ByteBuffer) {
    self = bytes.span.withUnsafeBufferPointer { Array($0) }
  }
}
