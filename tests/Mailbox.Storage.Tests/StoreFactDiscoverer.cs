using Mailbox.Storage.Tests.PostgreSql;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Mailbox.Storage.Tests;

public sealed class StoreFactDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod method, IAttributeInfo fact)
    {
        var display = options.MethodDisplayOrDefault();
        var how = options.MethodDisplayOptionsOrDefault();
        var needsServer = method.TestClass.Class.GetCustomAttributes(typeof(NeedsPostgresAttribute)).Any();
        yield return needsServer && PostgresPrograms.Missing is { } reason
            ? new XunitSkippedDataRowTestCase(messages, display, how, method, reason)
            : new XunitTestCase(messages, display, how, method);
    }
}
