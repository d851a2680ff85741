#!/bin/sh
# Draws the figures of README and docs again, from a checkout that has the runs. Those of a run that is not there are left as they are.
set -e
here=docs/images
draw() { # the file's name, the run, and the command with its arguments
  name=$1 run=$2
  shift 2
  [ -d "checkpoints/$run" ] || return 0
  echo "$name"
  node bin/emergence.js "$@" --format png --output "$here/$name" > /dev/null
}
natural='--natural overlay:opt-2digit-addition'
draw compare-lenet-figure-10 lenet-figure-10 compare lenet-figure-10 --induced subset-accuracy:k=10 $natural
draw compare-autoencoder-figure-7 autoencoder-figure-7 compare autoencoder-figure-7 --standard psnr --induced reconstruction:c=0.002 $natural
draw compare-transformer-figure-8 transformer-figure-8 compare transformer-figure-8 --induced sequence-accuracy:l=4 $natural
draw compare-lenet-mnist lenet-mnist compare lenet-mnist --induced subset-accuracy:k=100 $natural
draw compare-transformer-mnist transformer-mnist compare transformer-mnist --standard image-cross-entropy $natural
for run in autoencoder-mnist transformer-omniglot-small; do
  draw compare-$run $run compare $run $natural
done
draw compare-autoencoder-cifar10 autoencoder-cifar10 compare autoencoder-cifar10 --standard psnr --induced reconstruction:c=0.0035 $natural
draw sweep-autoencoder-mnist autoencoder-mnist sweep autoencoder-mnist --metric reconstruction --over c=1e-4:1e-1:200:log
draw sweep-two-autoencoder-mnist autoencoder-mnist sweep autoencoder-mnist --metric subset-below:column=mse --over c=1e-3:3e-2:60:log --over k=1..20
draw tutorial-sweep first sweep first --metric reconstruction --over c=0.001:0.1:100:log
draw lenet-mnist lenet-mnist sweep lenet-mnist --metric subset-accuracy:k=20 --test-sizes 50,100,1000,10000 --keep-scales 3,4,5,6,7,8 # lenet-mnist-causes.png
for run in lenet-mnist lenet-grid; do
  draw scaling-$run $run scaling $run
done
draw collapse-moments moments collapse moments --metric accuracy
draw theory-transformer-figure-8 transformer-figure-8 theory transformer-figure-8
draw compare-lenet-train-size lenet-train-size compare lenet-train-size --induced subset-accuracy:k=10 $natural
draw compare-lenet-depth lenet-depth compare lenet-depth
draw compare-lenet-steps lenet-steps compare lenet-steps --axis steps --where width=32 --induced subset-accuracy:k=10 $natural
autoencoder='--standard psnr --induced reconstruction:c=0.02'
draw compare-autoencoder-depth autoencoder-depth compare autoencoder-depth $autoencoder $natural
draw compare-autoencoder-steps autoencoder-steps compare autoencoder-steps --axis steps --where width=32 $autoencoder $natural
draw compare-autoencoder-train-size autoencoder-train-size compare autoencoder-train-size $autoencoder $natural
draw in-context-bursty in-context-bursty compare in-context-bursty --probe held-out --axis steps --title "Held-out characters along training, burstiness 0.9"
draw seeds-lenet lenet-seeds seeds lenet-seeds
draw collapse-autoencoder-moments autoencoder-moments collapse autoencoder-moments --metric reconstruction:c=0.02
draw forecast-study-autoencoder-mnist autoencoder-mnist forecast study autoencoder-mnist
node --import tsx docs/images/sealed-forecasts.ts # forecast-autoencoder-2.png and two more, without their runs
if [ -d checkpoints/cnn8 ]; then # its picture is one of several files in the run's folder
  echo quanta-cnn8
  node bin/emergence.js quanta cnn8 > /dev/null
  cp checkpoints/cnn8/quanta.png $here/quanta-cnn8.png
fi
