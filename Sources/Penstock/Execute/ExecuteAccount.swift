import Wire

/// Which account an envelope's request is for.
extension Exchange {
  /// What is somebody else's is told as what is not there.
  func account(of execute: ExecuteEnd) throws(PenstockError) -> Account {
    let caller = worker.configuration.projects[record.project]
    if execute.isSession || execute.request.inline.isGiven {
      let index = execute.request.toolkitAccount(in: worker.configuration.execute)
      guard let index, caller.allows[index] else { throw .toolkitNotFound }
      return worker.configuration.accounts[index]
    }
    let index =
      execute.request.hasConnectedAccountID
      ? execute.request.account(in: worker.router) : caller.defaultAccount
    guard let index else {
      throw execute.request.hasConnectedAccountID ? .accountNotFound : .missingAuthContext
    }
    if !caller.allows[index] { throw .accountNotFound }
    return worker.configuration.accounts[index]
  }
}
