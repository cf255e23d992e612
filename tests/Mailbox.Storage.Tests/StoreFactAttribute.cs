using Xunit;
using Xunit.Sdk;

namespace Mailbox.Storage.Tests;

/// <summary>A test that is skipped, with the reason, in classes marked with <see cref="NeedsPostgresAttribute"/> where there is no server.</summary>
[XunitTestCaseDiscoverer("Mailbox.Storage.Tests.StoreFactDiscoverer", "Mailbox.Storage.Tests")]
[AttributeUsage(AttributeTargets.Method)]
sealed class StoreFactAttribute : FactAttribute
{
}
