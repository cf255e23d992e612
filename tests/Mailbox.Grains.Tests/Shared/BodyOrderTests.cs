using System.Net.Http.Json;
using System.Text.Json;
using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using static Mailbox.Grains.Tests.Shared.SharedGrid;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>The letters of one request are in every mailbox in the order of the request, whichever silo has the mailbox (spec section 5).</summary>
public sealed class BodyOrderTests(PostgresServer server) : IAsyncLifetime
{
    const int Letters = 40;

    static readonly string[] s_mailboxes = ["a", "b", "c", "d", "e", "f", "g", "h"];

    readonly PostgresOptions _database = server.NewSchema() with { Partitions = 8 };
    SharedGrid? _grid;

    SharedGrid Grid => _grid!;

    static string All => string.Join(' ', Enumerable.Range(1, Letters));

    public async ValueTask InitializeAsync() => _grid = await StartAsync(_database);

    public async ValueTask DisposeAsync()
    {
        if (_grid is not null) await _grid.DisposeAsync();
    }

    [Fact, Trait("Rule", "M3")]
    public async Task Letters_to_one_mailbox_are_in_their_order()
    {
        await using var door = await Door.OpenAsync(Grid.One);
        await DeliverAsync(door, from number in Enumerable.Range(1, Letters) from name in s_mailboxes select Letter(name, number));
        foreach (var name in s_mailboxes) Assert.Equal(All, await Grid.Peek(name));
    }

    [Theory, Trait("Rule", "M3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task So_they_are_though_a_silo_leaves_or_dies_meanwhile(bool dies)
    {
        await using var door = await Door.OpenAsync(Grid.One);
        var bodies = Enumerable.Range(0, 20).Select(body => s_mailboxes.Select(name => $"{name}-{body}").ToArray()).ToList();
        var delivered = new List<Task>();
        for (var i = 0; i < bodies.Count; i++)
        {
            if (i == bodies.Count / 2) delivered.Add(dies ? Grid.KillTwo() : Grid.StopTwo());
            var names = bodies[i];
            delivered.Add(DeliverAsync(door, Enumerable.Range(1, Letters).SelectMany(number => names.Select(name => Letter(name, number)))));
        }
        await Task.WhenAll(delivered);
        foreach (var name in bodies.SelectMany(static names => names)) Assert.Equal(All, await Grid.Peek(name));
    }

    [Fact, Trait("Rule", "G4")]
    public async Task Letters_to_a_group_and_to_its_members_are_in_their_order()
    {
        await Grid.Join(string.Join(' ', s_mailboxes));
        await using var door = await Door.OpenAsync(Grid.One);
        var letters = new List<object>();
        for (var number = 1; number <= Letters; number++)
        {
            if (number % 3 == 0) letters.Add(Send(number));
            else letters.AddRange(s_mailboxes.Select(name => Letter(name, number)));
        }
        await DeliverAsync(door, letters);
        foreach (var name in s_mailboxes) Assert.Equal(All, await Grid.Peek(name));
    }

    static object Letter(string to, int number) => new { to = new[] { to }, message = Message(number) };

    static object Send(int number) => new { groups = new[] { Room.ToString() }, message = Message(number) };

    /// <summary>With a key, so that the gateway may repeat what a silo that died did not answer.</summary>
    static object Message(int number) => new { contentType = "text/plain", data = $"{number}", id = $"{number}" };

    static async Task DeliverAsync(Door door, IEnumerable<object> letters)
    {
        using var answer = await door.Http.PostAsJsonAsync("/deliver", letters, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        var outcomes = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        foreach (var outcome in outcomes.EnumerateArray())
            Assert.True(!outcome.ToString().Contains("problem", StringComparison.Ordinal) && !outcome.ToString().Contains("\"type\"", StringComparison.Ordinal), outcome.ToString());
    }
}
