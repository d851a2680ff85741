;; The loops in which sweeps and the bootstrap of a family spend their time.
(module
  (memory (import "kernels" "memory") 1)

  ;; Weighted sums: of each list of weights with each column, both of doubles, `bytes` long, a multiple of 16, one behind the other.
  ;; Columns go by two and lists by four, so that each number that is read is used more than once; both counts are multiples of
  ;; that. `sums` [lists, columns].
  (func (export "weightedSums")
    (param $columns i32) (param $columnCount i32) (param $weights i32) (param $listCount i32) (param $bytes i32) (param $sums i32)
    (local $list i32) (local $column i32) (local $at i32) (local $end i32) (local $out i32) (local $row i32)
    (local $a i32) (local $b i32) (local $k0 i32) (local $k1 i32) (local $k2 i32) (local $k3 i32)
    (local $p v128) (local $q v128) (local $w v128)
    (local $p0 v128) (local $p1 v128) (local $p2 v128) (local $p3 v128)
    (local $q0 v128) (local $q1 v128) (local $q2 v128) (local $q3 v128)
    (local.set $row (i32.shl (local.get $columnCount) (i32.const 3)))
    (loop $lists
      (local.set $column (i32.const 0))
      (loop $pairs
        (local.set $a (i32.add (local.get $columns) (i32.mul (local.get $column) (local.get $bytes))))
        (local.set $b (i32.add (local.get $a) (local.get $bytes)))
        (local.set $k0 (i32.add (local.get $weights) (i32.mul (local.get $list) (local.get $bytes))))
        (local.set $k1 (i32.add (local.get $k0) (local.get $bytes)))
        (local.set $k2 (i32.add (local.get $k1) (local.get $bytes)))
        (local.set $k3 (i32.add (local.get $k2) (local.get $bytes)))
        (local.set $p0 (v128.const f64x2 0 0))
        (local.set $p1 (v128.const f64x2 0 0))
        (local.set $p2 (v128.const f64x2 0 0))
        (local.set $p3 (v128.const f64x2 0 0))
        (local.set $q0 (v128.const f64x2 0 0))
        (local.set $q1 (v128.const f64x2 0 0))
        (local.set $q2 (v128.const f64x2 0 0))
        (local.set $q3 (v128.const f64x2 0 0))
        (local.set $end (i32.add (local.get $a) (local.get $bytes)))
        (loop $units
          (local.set $p (v128.load (local.get $a)))
          (local.set $q (v128.load (local.get $b)))
          (local.set $w (v128.load (local.get $k0)))
          (local.set $p0 (f64x2.add (local.get $p0) (f64x2.mul (local.get $p) (local.get $w))))
          (local.set $q0 (f64x2.add (local.get $q0) (f64x2.mul (local.get $q) (local.get $w))))
          (local.set $w (v128.load (local.get $k1)))
          (local.set $p1 (f64x2.add (local.get $p1) (f64x2.mul (local.get $p) (local.get $w))))
          (local.set $q1 (f64x2.add (local.get $q1) (f64x2.mul (local.get $q) (local.get $w))))
          (local.set $w (v128.load (local.get $k2)))
          (local.set $p2 (f64x2.add (local.get $p2) (f64x2.mul (local.get $p) (local.get $w))))
          (local.set $q2 (f64x2.add (local.get $q2) (f64x2.mul (local.get $q) (local.get $w))))
          (local.set $w (v128.load (local.get $k3)))
          (local.set $p3 (f64x2.add (local.get $p3) (f64x2.mul (local.get $p) (local.get $w))))
          (local.set $q3 (f64x2.add (local.get $q3) (f64x2.mul (local.get $q) (local.get $w))))
          (local.set $a (i32.add (local.get $a) (i32.const 16)))
          (local.set $b (i32.add (local.get $b) (i32.const 16)))
          (local.set $k0 (i32.add (local.get $k0) (i32.const 16)))
          (local.set $k1 (i32.add (local.get $k1) (i32.const 16)))
          (local.set $k2 (i32.add (local.get $k2) (i32.const 16)))
          (local.set $k3 (i32.add (local.get $k3) (i32.const 16)))
          (br_if $units (i32.lt_u (local.get $a) (local.get $end))))
        ;; [list, column] and [list, column + 1] are neighbours.
        (local.set $out
          (i32.add
            (i32.add (local.get $sums) (i32.mul (local.get $list) (local.get $row)))
            (i32.shl (local.get $column) (i32.const 3))))
        (v128.store (local.get $out) (call $both (local.get $p0) (local.get $q0)))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (call $both (local.get $p1) (local.get $q1)))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (call $both (local.get $p2) (local.get $q2)))
        (local.set $out (i32.add (local.get $out) (local.get $row)))
        (v128.store (local.get $out) (call $both (local.get $p3) (local.get $q3)))
        (local.set $column (i32.add (local.get $column) (i32.const 2)))
        (br_if $pairs (i32.lt_u (local.get $column) (local.get $columnCount))))
      (local.set $list (i32.add (local.get $list) (i32.const 4)))
      (br_if $lists (i32.lt_u (local.get $list) (local.get $listCount)))))

  ;; The sums of the halves of two.
  (func $both (param $p v128) (param $q v128) (result v128)
    (f64x2.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $p) (local.get $q))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $p) (local.get $q))))

  ;; For sixteen lists of weights at once: pairs of a negative and a positive behind it, negatives and positives. `rows` [units, 16]
  ;; bytes, the weights; `order` [items], each item's unit; `negative` [items], 255 or 0, in that order. `pairs`
  ;; [16] of 32 bits, which hold those of fewer than 2^16 items, and behind them twice 16 of 16 bits: negatives, positives.
  (func (export "orderedPairs") (param $rows i32) (param $order i32) (param $negative i32) (param $items i32) (param $pairs i32)
    (local $end i32) (local $row v128) (local $mask v128) (local $here v128)
    (local $low v128) (local $high v128) (local $lowPositives v128) (local $highPositives v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $end (i32.add (local.get $negative) (local.get $items)))
    (loop $next
      (local.set $row
        (v128.load (i32.add (local.get $rows) (i32.shl (i32.load (local.get $order)) (i32.const 4)))))
      (local.set $mask (v128.load8_splat (local.get $negative)))
      (local.set $here (v128.and (local.get $row) (local.get $mask)))
      (local.set $low (i16x8.add (local.get $low) (i16x8.extend_low_i8x16_u (local.get $here))))
      (local.set $high (i16x8.add (local.get $high) (i16x8.extend_high_i8x16_u (local.get $here))))
      (local.set $row (v128.andnot (local.get $row) (local.get $mask)))
      (local.set $here (i16x8.extend_low_i8x16_u (local.get $row)))
      (local.set $lowPositives (i16x8.add (local.get $lowPositives) (local.get $here)))
      (local.set $s0 (i32x4.add (local.get $s0) (i32x4.extmul_low_i16x8_u (local.get $here) (local.get $low))))
      (local.set $s1 (i32x4.add (local.get $s1) (i32x4.extmul_high_i16x8_u (local.get $here) (local.get $low))))
      (local.set $here (i16x8.extend_high_i8x16_u (local.get $row)))
      (local.set $highPositives (i16x8.add (local.get $highPositives) (local.get $here)))
      (local.set $s2 (i32x4.add (local.get $s2) (i32x4.extmul_low_i16x8_u (local.get $here) (local.get $high))))
      (local.set $s3 (i32x4.add (local.get $s3) (i32x4.extmul_high_i16x8_u (local.get $here) (local.get $high))))
      (local.set $order (i32.add (local.get $order) (i32.const 4)))
      (local.set $negative (i32.add (local.get $negative) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $negative) (local.get $end))))
    (v128.store (local.get $pairs) (local.get $s0))
    (v128.store offset=16 (local.get $pairs) (local.get $s1))
    (v128.store offset=32 (local.get $pairs) (local.get $s2))
    (v128.store offset=48 (local.get $pairs) (local.get $s3))
    (v128.store offset=64 (local.get $pairs) (local.get $low))
    (v128.store offset=80 (local.get $pairs) (local.get $high))
    (v128.store offset=96 (local.get $pairs) (local.get $lowPositives))
    (v128.store offset=112 (local.get $pairs) (local.get $highPositives)))

  ;; Sorts `count` floats of 32 bits, 11 bits at a time from the lowest. `spare` is as long, and what is sorted ends there; `counts` has
  ;; room for 3 times 2048 numbers of 32 bits.
  (func (export "sortFloats") (param $floats i32) (param $spare i32) (param $counts i32) (param $count i32)
    (local $at i32) (local $end i32) (local $key i32)
    (memory.fill (local.get $counts) (i32.const 0) (i32.const 24576))
    (local.set $at (local.get $floats))
    (local.set $end (i32.add (local.get $floats) (i32.shl (local.get $count) (i32.const 2))))
    (block $none
      (br_if $none (i32.eqz (local.get $count)))
      (loop $next
        ;; Whole numbers in the floats' order: of negative ones all bits are turned, of others the sign.
        (local.set $key (i32.load (local.get $at)))
        (local.set $key
          (i32.xor (local.get $key) (i32.or (i32.shr_s (local.get $key) (i32.const 31)) (i32.const 0x80000000))))
        (i32.store (local.get $at) (local.get $key))
        (call $increment
          (i32.add (local.get $counts) (i32.shl (i32.and (local.get $key) (i32.const 2047)) (i32.const 2))))
        (call $increment
          (i32.add
            (i32.add (local.get $counts) (i32.const 8192))
            (i32.shl (i32.and (i32.shr_u (local.get $key) (i32.const 11)) (i32.const 2047)) (i32.const 2))))
        (call $increment
          (i32.add
            (i32.add (local.get $counts) (i32.const 16384))
            (i32.shl (i32.shr_u (local.get $key) (i32.const 22)) (i32.const 2))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (call $distribute (local.get $floats) (local.get $spare) (local.get $counts) (i32.const 0) (local.get $count))
      (call $distribute
        (local.get $spare) (local.get $floats) (i32.add (local.get $counts) (i32.const 8192)) (i32.const 11) (local.get $count))
      (call $distribute
        (local.get $floats) (local.get $spare) (i32.add (local.get $counts) (i32.const 16384)) (i32.const 22) (local.get $count))
      (local.set $at (local.get $spare))
      (local.set $end (i32.add (local.get $spare) (i32.shl (local.get $count) (i32.const 2))))
      (loop $back
        (local.set $key (i32.load (local.get $at)))
        (i32.store
          (local.get $at)
          (i32.xor
            (local.get $key)
            (i32.or
              (i32.xor (i32.shr_s (local.get $key) (i32.const 31)) (i32.const -1))
              (i32.const 0x80000000))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $back (i32.lt_u (local.get $at) (local.get $end))))))

  ;; How many of `count` ascending floats lie below each of ascending cutoffs, doubles: `<`, or `<=` where `orAt` is 1. `below`
  ;; [cutoffs] of 32 bits.
  (func (export "countBelow")
    (param $floats i32) (param $count i32) (param $cutoffs i32) (param $cutoffCount i32) (param $orAt i32) (param $below i32)
    (local $at i32) (local $end i32) (local $last i32) (local $cutoff f64) (local $value f64)
    (local.set $at (local.get $floats))
    (local.set $end (i32.add (local.get $floats) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $last (i32.add (local.get $cutoffs) (i32.shl (local.get $cutoffCount) (i32.const 3))))
    (block $all
      (loop $next
        (br_if $all (i32.ge_u (local.get $cutoffs) (local.get $last)))
        (local.set $cutoff (f64.load (local.get $cutoffs)))
        (block $reached
          (loop $values
            (br_if $reached (i32.ge_u (local.get $at) (local.get $end)))
            (local.set $value (f64.promote_f32 (f32.load (local.get $at))))
            (br_if $reached
              (i32.eqz
                (i32.or
                  (f64.lt (local.get $value) (local.get $cutoff))
                  (i32.and (local.get $orAt) (f64.eq (local.get $value) (local.get $cutoff))))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br $values)))
        (i32.store
          (local.get $below)
          (i32.shr_u (i32.sub (local.get $at) (local.get $floats)) (i32.const 2)))
        (local.set $cutoffs (i32.add (local.get $cutoffs) (i32.const 8)))
        (local.set $below (i32.add (local.get $below) (i32.const 4)))
        (br $next))))

  (func $increment (param $at i32)
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1))))

  ;; Keys by their digit at `shift`, of equal ones in the order that they have; `counts` says how many there are of each.
  (func $distribute (param $from i32) (param $to i32) (param $counts i32) (param $shift i32) (param $count i32)
    (local $at i32) (local $end i32) (local $here i32) (local $next i32) (local $key i32)
    (local.set $at (local.get $counts))
    (local.set $end (i32.add (local.get $counts) (i32.const 8192)))
    (local.set $next (local.get $to))
    (loop $digits
      (local.set $here (i32.load (local.get $at)))
      (i32.store (local.get $at) (local.get $next))
      (local.set $next (i32.add (local.get $next) (i32.shl (local.get $here) (i32.const 2))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $digits (i32.lt_u (local.get $at) (local.get $end))))
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 2))))
    (loop $keys
      (local.set $key (i32.load (local.get $from)))
      (local.set $at
        (i32.add
          (local.get $counts)
          (i32.shl (i32.and (i32.shr_u (local.get $key) (local.get $shift)) (i32.const 2047)) (i32.const 2))))
      (local.set $next (i32.load (local.get $at)))
      (i32.store (local.get $next) (local.get $key))
      (i32.store (local.get $at) (i32.add (local.get $next) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (br_if $keys (i32.lt_u (local.get $from) (local.get $end))))))
