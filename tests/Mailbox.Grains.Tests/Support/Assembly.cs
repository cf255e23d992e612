using Mailbox.Storage.Tests.PostgreSql;
using Xunit.Sdk;
using Xunit.v3;

// Silos of one test would take the processor from those of another.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(PostgresServer))]
