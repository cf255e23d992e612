using System.Text;

namespace Mailbox.Engine.Tests;

public sealed class UplinkTests
{
    const string Taker = "mailbox.uplinks:test";
    readonly Office _office = new();

    public UplinkTests() => _office.Join(MailboxUplinks.Group.ToString(), Taker);

    [Fact]
    public void A_number_of_a_client_is_passed_on_once()
    {
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("a", "c", 1));
        Assert.Equal(new(Outcome.Stored, 1, 0), Tell("a", "c", 1));
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("a", "d", 1));
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("b", "c", 1));
        Assert.Equal("a/c/1 a/d/1 b/c/1", Taken());
    }

    [Fact]
    public void Several_are_passed_on_in_order_and_only_those_that_are_new()
    {
        Tell("a", "c", 1);
        Assert.Equal(new(Outcome.Stored, 3, 2), Tell("a", "c", 1, 2, 3));
        Assert.Equal("a/c/1 a/c/2 a/c/3", Taken());
    }

    [Fact]
    public void Numbers_that_overtook_each_other_are_all_accepted_once()
    {
        Assert.Equal(3, Tell("a", "c", 3).Highest);
        Assert.Equal(new(Outcome.Stored, 3, 1), Tell("a", "c", 1));
        Assert.Equal(new(Outcome.Stored, 3, 1), Tell("a", "c", 1, 2, 3));
        Assert.Equal("a/c/3 a/c/1 a/c/2", Taken());
    }

    [Fact]
    public void What_is_asked_without_telling_stores_nothing()
    {
        Assert.Equal(default, Tell("a", "c"));
        Assert.Null(_office.Look("a"));
        Tell("a", "c", 7);
        Assert.Equal(7, Tell("a", "c").Highest);
    }

    [Fact, Trait("Rule", "M5")]
    public void What_was_accepted_is_known_after_a_crash()
    {
        Tell("a", "c", 1, 2);
        _office.Restart();
        Assert.Equal(new(Outcome.Stored, 2, 0), Tell("a", "c", 1, 2));
        Assert.Equal("a/c/1 a/c/2", Taken());
    }

    [Fact]
    public void A_letter_has_the_same_id_however_it_comes()
    {
        _office.Join(MailboxUplinks.Group.ToString(), "mailbox.uplinks:other");
        Tell("a", "c", 1);
        Assert.Equal(Letters(Taker)[0].Id, Letters("mailbox.uplinks:other")[0].Id);
        Assert.NotEqual(Letters(Taker)[0].Id, Letters(Taker, Tell("a", "c", 2))[1].Id);
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_is_passed_on_once_and_refuses_another_message()
    {
        Assert.Equal(1, TellKeyed("k", "1").Accepted);
        Assert.Equal(new(Outcome.Stored), TellKeyed("k", "1"));
        Assert.Equal(Outcome.KeyReused, TellKeyed("k", "2").Outcome);
        Assert.Equal(MailboxUplinks.IdOf(Office.Name("a"), "k"), Assert.Single(Letters(Taker)).Id);
    }

    [Theory, Trait("Rule", "M13")]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_sent_and_not_recorded_may_come_again_through_a_gateway_that_has_no_backend_or_has_one(bool hadBackend)
    {
        // The owner of the mailbox died between.
        var letter = new UplinkLetter(MailboxUplinks.IdOf(Office.Name("a"), "k"), Office.Name("a"), null, null, "application/octet-stream", "1"u8.ToArray());
        _office.Send(MailboxUplinks.Group.ToString(), letter.Write() with { IdempotencyKey = letter.Id }, hadBackend ? [MailboxUplinks.Gateways.ToString()] : []);

        Assert.Equal(Outcome.KeyReused, InSteps("2").Outcome);
        Assert.Equal(new(Outcome.Stored, 0, 1), InSteps("1"));
        Assert.Equal(new(Outcome.Stored), InSteps("1"));
        Assert.Equal("1", Taken());

        UplinkResult InSteps(string body) => _office.Ask(Uplinking.RunAsync(
            _office.Engine, Office.Name("a"), new(null, [new() { Key = "k", Body = Encoding.UTF8.GetBytes(body) }], hadBackend ? null : MailboxUplinks.Gateways), _office.Grid, default));
    }

    [Fact]
    public void Where_nobody_takes_them_they_are_refused_and_may_come_again()
    {
        _office.Leave(MailboxUplinks.Group.ToString(), Taker);
        Assert.Equal(new(Outcome.NotFound), Tell("a", "c", 1));
        _office.Join(MailboxUplinks.Group.ToString(), Taker);
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("a", "c", 1));
    }

    [Fact]
    public void A_taker_that_is_full_holds_the_client_back()
    {
        _office.Set(Taker, new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        Assert.Equal(new(Outcome.MailboxFull, 1, 1), Tell("a", "c", 1, 2));
        _office.Poll(Taker);
        Assert.Equal(new(Outcome.Stored, 2, 1), Tell("a", "c", 1, 2));
    }

    [Fact]
    public void A_full_disk_accepts_nothing()
    {
        _office.Store.IsFull = true;
        Assert.Equal(new(Outcome.StoreFull), Tell("a", "c", 1));
        _office.Store.IsFull = false;
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("a", "c", 1));
        Assert.Equal("a/c/1", Taken());
    }

    [Fact, Trait("Rule", "M15")]
    public void An_uplink_makes_the_mailbox_and_moves_its_deadline()
    {
        Tell("a", "c", 1);
        _office.Wait(TimeSpan.FromHours(20));
        Tell("a", "c", 2);
        _office.Wait(TimeSpan.FromHours(20));
        Assert.NotNull(_office.Look("a"));
        _office.Wait(TimeSpan.FromHours(5));
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M4")]
    public void A_mailbox_that_was_made_again_counts_again()
    {
        Tell("a", "c", 1);
        _office.Remove("a");
        Assert.Equal(new(Outcome.Stored, 1, 1), Tell("a", "c", 1));
        Assert.Equal(2, Letters(Taker).Select(static letter => letter.Id).Distinct().Count());
    }

    [Fact]
    public void The_numbers_are_known_as_long_as_the_mailbox_lives_without_a_reader()
    {
        _office.Set("a", new() { Idle = TimeSpan.FromDays(30) });
        Tell("a", "c", 1);
        _office.Wait(TimeSpan.FromDays(29));
        Assert.Equal(new(Outcome.Stored, 1, 0), Tell("a", "c", 1));
    }

    [Fact, Trait("Rule", "M13")]
    public void Clients_that_count_leave_half_of_the_room_to_backends()
    {
        // Takers in other partitions know a letter by a key of its own.
        var office = new Office(new() { MaxKeys = _office.Store.Partitions == 1 ? 4 : 8 });
        // A cluster remembers each change of members under a key; the engine itself does not.
        office.Ask(office.Engine.ChangeMembersAsync(MailboxUplinks.Group, [Office.Name(Taker)], [], TestContext.Current.CancellationToken));
        Assert.Equal(1, Tell(office, "a", "c", 1).Accepted);
        Assert.Equal(1, Tell(office, "a", "d", 1).Accepted);
        Assert.Equal(Outcome.TooManyKeys, Tell(office, "a", "e", 1).Outcome);
        Assert.Equal(1, Tell(office, "a", "d", 2).Accepted);
    }

    [Fact]
    public void A_letter_that_is_too_large_is_refused() =>
        Assert.Equal(Outcome.TooLarge, Ask(_office, "a", new("c", [new() { Number = 1, Body = new byte[1 << 20] }])).Outcome);

    [Fact]
    public void Who_counts_has_a_name()
    {
        Assert.Throws<ArgumentException>(() => new UplinkRequest(null, [new() { Number = 1, Body = default }]));
        Assert.Throws<ArgumentException>(() => new UplinkRequest("a b", []));
        Assert.Throws<ArgumentException>(() => new UplinkDraft { Number = 0, Body = default });
    }

    UplinkResult Tell(string mailbox, string client, params int[] numbers) => Tell(_office, mailbox, client, numbers);

    static UplinkResult Tell(Office office, string mailbox, string client, params int[] numbers) => Ask(
        office, mailbox, new(client, [.. numbers.Select(n => new UplinkDraft { Number = n, Body = Encoding.UTF8.GetBytes($"{mailbox}/{client}/{n}") })]));

    UplinkResult TellKeyed(string key, string body) => Ask(_office, "a", new(null, [new() { Key = key, Body = Encoding.UTF8.GetBytes(body) }]));

    static UplinkResult Ask(Office office, string mailbox, UplinkRequest request) =>
        office.Ask(office.Grid.UplinkAsync(Office.Name(mailbox), request));

    string Taken() => string.Join(' ', Letters(Taker).Select(static letter => Encoding.UTF8.GetString(letter.Body.Span)));

    List<UplinkLetter> Letters(string taker, UplinkResult _ = default)
    {
        var reader = _office.Ask(_office.Grid.OpenAsync(Office.Name(taker), new() { From = StartFrom.Oldest, WindowMessages = 1000 }, null)).Reader!;
        var received = new Line(reader, new(), _office.StepAll).ReadAll(write: false);
        return [.. received.Select(static one => UplinkLetter.Read(one.Message!))];
    }
}
